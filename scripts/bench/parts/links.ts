import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { WebSocket } from 'ws';
import type { NewCredentialBody } from '../../../schemas/generated/operator.js';
import { startGatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import { freePort } from '../../../tests/rig/ports.js';
import { basicAuthorization } from '../../../tests/rig/wireClient.js';
import type { SwarmAnswer, SwarmCommand } from '../load/linkSwarm.js';
import type { GeneratorData } from '../load/wire.js';
import type { Part } from '../part.js';
import { measure } from '../table/measure.js';
import { warmupMs } from '../table/rows.js';

/** How many devices one import request has. */
const importedAtOnce = 2_000;

/** How many garbage collections it takes until V8 gives free memory back to the system. */
const collections = 6;

/** How long the gateway may settle before its memory is read. */
const restedMs = 3_000;

/** Devices that are connected already while the others reconnect. */
const established = 200;

/** What all of them send together. */
const establishedFramesPerSecond = 2_000;

/** How long their ack latency is measured. */
const watchedMs = 5_000;

/** Devices of a worker that connect and send nothing. */
interface Swarm {
  /** Resolves when the swarm has done the command. Rejects if its worker fails. */
  ask(type: SwarmCommand['type'], port: number, atOnce: number): Promise<SwarmAnswer>;
  /** Ends the worker, and with it all links of the swarm. */
  end(): Promise<unknown>;
}

/** What a gateway has allocated, in bytes: objects of JavaScript, buffers outside of them, and what native code has from the system. */
interface Allocated {
  objects: number;
  buffers: number;
  native: number;
}

/**
 * Reads what is allocated after garbage collections, by the inspector of the process. Resident memory would say less: the system may
 * reclaim pages of an idle process meanwhile, and then links seem to need less than nothing.
 */
async function allocated(pid: number, inspectorPort: number): Promise<Allocated> {
  const [{ webSocketDebuggerUrl }] = (await (await fetch(`http://127.0.0.1:${inspectorPort}/json`)).json()) as [
    { webSocketDebuggerUrl: string },
  ];
  const inspector = new WebSocket(webSocketDebuggerUrl);
  await new Promise((resolve) => inspector.once('open', resolve));
  const ask = async (id: number, method: string, params: object): Promise<string> => {
    const answered = new Promise<string>((resolve) => inspector.once('message', (data) => resolve(String(data))));
    inspector.send(JSON.stringify({ id, method, params }));
    return answered;
  };
  for (let id = 1; id <= collections; id++) {
    await ask(id, 'HeapProfiler.collectGarbage', {});
    await rest(1_000);
  }
  const answer = await ask(0, 'Runtime.evaluate', { expression: 'process.memoryUsage()', returnByValue: true });
  inspector.terminate();
  const { heapUsed, arrayBuffers } = (JSON.parse(answer) as { result: { result: { value: NodeJS.MemoryUsage } } })
    .result.result.value;
  const [, from = '0', to = '0'] =
    /^([0-9a-f]+)-([0-9a-f]+) .*\[heap\]$/m.exec(readFileSync(`/proc/${pid}/maps`, 'utf8')) ?? [];
  return { objects: heapUsed, buffers: arrayBuffers, native: Number.parseInt(to, 16) - Number.parseInt(from, 16) };
}

function swarmOf(headers: string[]): Swarm {
  const worker = new Worker(new URL('../load/linkSwarm.js', import.meta.url), { workerData: { headers } });
  return {
    ask: (type, port, atOnce) =>
      new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', resolve);
        worker.postMessage({ type, port, atOnce });
      }),
    end: () => worker.terminate(),
  };
}

/** The ack p99 of the established devices, in ms. Their streams are named after `daysAgo`, because each measurement begins at seq 1. */
async function ackP99(pid: number, port: number, headers: string[], daysAgo: number): Promise<number> {
  const data: GeneratorData = {
    port,
    protocol: 'websocket',
    path: `/v1/device?stream=from-${daysAgo}`,
    headers: headers.map((line) => [line, 'Sec-WebSocket-Protocol: tidegate.v1.binary']),
    opening: '{"type":"metrics","metrics":[{"name":"temperature"}]}',
    frame: 'binary',
    readings: 1,
    window: 64,
    framesPerSecond: establishedFramesPerSecond,
    warmupMs,
    runMs: watchedMs,
    answers: 'cumulative',
    firstAt: Date.now() - daysAgo * 86_400_000,
  };
  const { p99Ms } = await measure({ name: 'established', ackMeans: 'fsynced' }, { pids: [pid] }, data, 1);
  return p99Ms ?? Number.NaN;
}

const rest = (ms = restedMs): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Measures memory per idle link, handshakes and refusals per second, how soon a fleet has reconnected after a SIGKILL, and the ack latency
 * of established devices meanwhile. The first name is the transport of the gateway.
 */
export const benchLinks: Part = async ({ names, links, json }) => {
  const [transport = 'auto'] = names;
  const data = mkdtempSync(join(tmpdir(), 'tidegate-links-'));
  const set = [
    'admission.addressConnectsPerSecond=100000',
    'admission.addressConnectsBurst=100000',
    'log.level=info',
    `transport=${transport}`,
  ];
  const inspectorPort = await freePort();
  const environment = { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}`, MALLOC_TRIM_THRESHOLD_: '0' };
  const importing = await startGatewayProcess({ data, set, environment });
  const credentials: NewCredentialBody[] = [];
  const all = links + established;
  for (let at = 0; at < all; at += importedAtOnce) {
    const devices = Array.from({ length: Math.min(importedAtOnce, all - at) }, (_, i) => ({ id: `link-${at + i}` }));
    credentials.push(
      ...(await importing.api<{ items: NewCredentialBody[] }>('POST', '/v1/device-imports', { devices })).items,
    );
  }
  // The measured process is a new one, so that the import has left nothing in its memory.
  await importing.stop();
  const gateway = await importing.again();
  const there = credentials.splice(links).map(basicAuthorization);
  const headers = credentials.map(basicAuthorization);
  const half = Math.floor(links / 2);
  const [first, second] = [swarmOf(headers.slice(0, half)), swarmOf(headers.slice(half))];
  const strangers = swarmOf(credentials.map(({ id }) => basicAuthorization({ id, secret: `tgd_${'A'.repeat(43)}` })));

  // Only the second half is measured: the first half takes the memory that is allocated once and what the start left free.
  await first.ask('until-back', gateway.devicePort, 64);
  await rest();
  const before = await allocated(gateway.pid, inspectorPort);
  const opened = await second.ask('until-back', gateway.devicePort, 64);
  await rest();
  const after = await allocated(gateway.pid, inspectorPort);
  const perLink = (kind: keyof Allocated): number => Math.round((after[kind] - before[kind]) / (links - half));
  const refused = await strangers.ask('refused', gateway.devicePort, 64);

  await gateway.kill('SIGKILL');
  const again = await gateway.again();
  const calmP99Ms = await ackP99(again.pid, again.devicePort, there, 2);
  const watched = ackP99(again.pid, again.devicePort, there, 1);
  await rest(warmupMs);
  const halves = await Promise.all([first, second].map((swarm) => swarm.ask('until-back', again.devicePort, 256)));
  const comebackP99Ms = await watched;
  await first.end();
  await second.end();
  await strangers.end();
  await again.stop();
  rmSync(data, { recursive: true, force: true });
  const figures = {
    links,
    bytesPerLink: { objects: perLink('objects'), buffers: perLink('buffers'), native: perLink('native') },
    handshakesPerSecond: Math.round((links - half) / opened.seconds),
    refusalsPerSecond: Math.round(links / refused.seconds),
    refusedWith: refused.counts,
    backSeconds: Number(Math.max(...halves.map(({ seconds }) => seconds)).toFixed(2)),
    backAnswers: halves.map(({ counts }) => counts),
    establishedP99Ms: { calm: calmP99Ms, comeback: comebackP99Ms },
  };
  if (json) console.log(JSON.stringify(figures, null, 2));
  else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(24)}${JSON.stringify(value)}`);
};
