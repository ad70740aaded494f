import { spawnSync } from 'node:child_process';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { dayMs, dayText } from '../../../gateway/store/dayFiles/days.js';
import type { GatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import { startGatewayOn } from '../servers/servers.js';
import { days, deviceName, firstDay } from './storeFill.js';

/** How long one kind of query took over HTTP, until the last byte of the answer. */
export interface Timing {
  name: string;
  /** How many queries were timed. */
  count: number;
  /** How many rows the last answer had. */
  rows: number;
  p50Ms: number;
  p99Ms: number;
}

const count = 300;
/** How many queries of each kind run before the first that is timed. */
const warmups = 20;

/** Times each kind of query against a gateway on this data folder. */
export async function timeQueries(folder: string, devices: number): Promise<Timing[]> {
  const server = await startGatewayOn(folder, 1, 'binary', ['store.retentionDays=40']);
  const random = randomOf(1);
  const dayQuery = (more: string) => (): string => {
    const from = (firstDay + random(days)) * dayMs;
    return `${device()}?from=${from}&to=${from + dayMs}&limit=10000${more}`;
  };
  const device = (): string => `/v1/devices/${deviceName(1 + random(devices))}/readings`;
  const month = `from=${firstDay * dayMs}&to=${(firstDay + days) * dayMs}`;
  const kinds: Kind[] = [
    ['one device, one day of readings', dayQuery('')],
    ['one metric, 30 days, every=1h', () => `${device()}?metric=temperature&every=1h&${month}&limit=10000`],
    ['one metric, one day, every=1m', dayQuery('&every=1m')],
    ['the newest 100 readings of a device', () => `${device()}?order=desc&limit=100`],
  ];
  try {
    const timings = await timeKinds(server.gateway, kinds);
    const at = (): [number, string] => [firstDay + random(days), deviceName(1 + random(devices))];
    return [...timings, timeSqlite(folder, at)];
  } finally {
    await server.stop();
  }
}

/** A kind of query, and the path of the next one. */
export type Kind = [name: string, path: () => string];

/** Times each kind of query over one kept connection, once the archiver of the gateway has nothing left to do. */
export async function timeKinds(gateway: GatewayProcess, kinds: readonly Kind[]): Promise<Timing[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await gateway.api('POST', '/v1/gateway/seal');
    await untilQuiet(() => gateway.api<string>('GET', '/metrics'));
    const timings: Timing[] = [];
    for (const [name, path] of kinds)
      timings.push(await time(name, () => read(agent, gateway.operatorUrl + path(), gateway.key)));
    return timings;
  } finally {
    agent.destroy();
  }
}

const sqliteCount = 30;

/** Times stock sqlite3 as a process of its own, which reads one device of one day. `at` chooses day and device. */
export function timeSqlite(folder: string, at: () => [day: number, device: string]): Timing {
  const times: number[] = [];
  let rows = 0;
  for (let i = 0; i <= sqliteCount; i++) {
    const [day, device] = at();
    const file = join(folder, 'readings', `${dayText(day)}.db`);
    const started = performance.now();
    const { stdout, stderr } = spawnSync(
      'sqlite3',
      [file, `SELECT ts, value FROM readings WHERE device = '${device}'`],
      {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      },
    );
    if (i > 0) times.push(performance.now() - started);
    if (stderr !== '') throw new Error(stderr);
    rows = stdout.split('\n').length - 1;
  }
  times.sort((a, b) => a - b);
  const [p50Ms, p99Ms] = [0.5, 0.99].map((share) => times[Math.floor(times.length * share)]);
  return { name: 'one device, one day, by stock sqlite3', count: sqliteCount, rows, p50Ms, p99Ms };
}

async function time(name: string, ask: () => Promise<string>): Promise<Timing> {
  const times: number[] = [];
  let rows = 0;
  for (let i = 0; i < count + warmups; i++) {
    const started = performance.now();
    const body = await ask();
    // The time ends here: parsing is the client's work.
    if (i >= warmups) times.push(performance.now() - started);
    rows = (JSON.parse(body) as { items: unknown[] }).items.length;
  }
  times.sort((a, b) => a - b);
  return { name, count, rows, p50Ms: times[count >> 1], p99Ms: times[Math.floor(count * 0.99)] };
}

/** A repeatable series of whole numbers below a bound. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % below;
  };
}

/** Reads a whole answer over a kept connection. */
function read(agent: Agent, url: string, key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${key}` } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks).toString()));
    }).on('error', reject);
  });
}

/** Waits until the archiver has no work left from earlier measurements: its counters are the same for five seconds. */
async function untilQuiet(metrics: () => Promise<string>): Promise<void> {
  for (let last = '', same = 0; same < 5; ) {
    await wait(1_000);
    const upkeep = (await metrics()).match(/^tidegate_(upkeep_seconds_total|seals_total).*$/gm)?.join() ?? '';
    same = upkeep === last ? same + 1 : 0;
    last = upkeep;
  }
}
