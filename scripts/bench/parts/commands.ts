import { Agent, request } from 'node:http';
import { createHistogram } from 'node:perf_hooks';
import { tableOf } from '../../../cli/terminal/output.js';
import type { CommandStateBody } from '../../../schemas/generated/operator.js';
import type { GatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import type { PartOptions } from '../part.js';
import { startGateway } from '../servers/servers.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import type { Row } from '../table/measure.js';
import { against, sealing } from '../table/rows.js';

const readingsPerFrame = 10;
/** How many commands are created per second, one device after the other. */
const commandsPerSecond = 100;
/** HTTP connections that create the commands. */
const connections = 32;
/** The commands of the first second warm up both sides and are not measured. */
const warmUpCommands = commandsPerSecond;
/** Frames per second; more than the gateway can take, so that its limit shows. */
const tooManyFrames = 200_000;
/** Frames per second; they make 100,000 readings per second. */
const someFrames = 10_000;

/** The round trips of commands under one load. */
interface Trips {
  /** How many were measured. */
  commands: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Measures the round trip of commands without telemetry, with some, and at half the telemetry that the gateway can take. */
export async function benchCommands({ seconds, links, json }: PartOptions): Promise<void> {
  const options = { seconds, links };
  const machine = machineOf(fsyncP50Ms());
  const load = async (title: string, framesPerSecond: number, beside?: Beside): Promise<Row> => {
    const server = await startGateway(links, 'binary', sealing);
    const busy = beside?.(server.gateway);
    const row = await against(server, title, 'fsynced', { framesPerSecond }, options, readingsPerFrame);
    await busy;
    return row;
  };
  const trips: { title: string; frames: number; found: Trips }[] = [];
  const beside = (title: string, frames: number): Beside => {
    return async (gateway) => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      trips.push({ title, frames, found: await roundTrips(gateway, links, seconds - 3) });
    };
  };
  const limit = (await load('limit', tooManyFrames)).framesPerSecond;
  await load('idle', 1, beside('no telemetry', 0));
  await load('some', someFrames, beside('some telemetry', someFrames));
  const half = Math.round(limit / 2);
  await load('half', half, beside('half of the limit', half));
  if (json) return console.log(JSON.stringify({ machine, links, limit, trips }, null, 2));
  const rows = trips.map(({ title, frames, found: { commands, p50Ms, p99Ms, maxMs } }) => [
    title,
    frames.toLocaleString('en'),
    String(commands),
    ...[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1)),
  ]);
  console.log(tableOf(['TELEMETRY', 'FRAMES/S', 'COMMANDS', 'P50 MS', 'P99 MS', 'MAX MS'], rows));
  console.log(
    `\n${machine}; ${links} links, ${readingsPerFrame} readings per frame, one write per frame; a round trip is from the HTTP request to its answer with the final state, with two fsyncs and both directions of the link`,
  );
}

/** What runs against the gateway while it is under load. */
type Beside = (gateway: GatewayProcess) => Promise<void>;

/** Creates commands at a steady rate. Each request waits for the final state of its command. */
async function roundTrips(gateway: GatewayProcess, links: number, seconds: number): Promise<Trips> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const histogram = createHistogram();
  const { items } = await gateway.api<{ items: { id: string }[] }>(
    'GET',
    `/v1/devices?limit=${Math.min(links, 1_000)}`,
  );
  const count = warmUpCommands + Math.max(1, Math.floor(seconds * commandsPerSecond));
  const started = performance.now();
  const trips: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    const dueIn = started + (n * 1000) / commandsPerSecond - performance.now();
    if (dueIn > 0) await new Promise((resolve) => setTimeout(resolve, dueIn));
    const trip = roundTrip(gateway, agent, items[n % items.length].id);
    trips.push(trip.then((ms) => void (n >= warmUpCommands && histogram.record(Math.max(1, Math.round(ms * 1000))))));
  }
  await Promise.all(trips);
  agent.destroy();
  const ms = (microseconds: number): number => microseconds / 1000;
  return {
    commands: histogram.count,
    p50Ms: ms(histogram.percentile(50)),
    p99Ms: ms(histogram.percentile(99)),
    maxMs: ms(histogram.max),
  };
}

/** Milliseconds from the request to the answer with the final state. */
async function roundTrip({ operatorUrl, key }: GatewayProcess, agent: Agent, device: string): Promise<number> {
  const startedAt = performance.now();
  const { state } = await post<CommandStateBody>(`${operatorUrl}/v1/devices/${device}/commands?wait=30`, key, agent);
  if (state !== 'succeeded') throw new Error(`a command of ${device} is ${state}`);
  return performance.now() - startedAt;
}

function post<Body>(url: string, key: string, agent: Agent): Promise<Body> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => {
        if (answer.statusCode === 202) resolve(JSON.parse(text) as Body);
        else reject(new Error(`${url} answered ${answer.statusCode}: ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end('{"name":"set_interval","params":{"seconds":5}}');
  });
}
