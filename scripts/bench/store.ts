import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { tableOf } from '../../gateway/cli/output.js';
import { addFrame, createBatch, reserveReadings } from '../../gateway/ingest/batch.js';
import type { Batch, SeriesRecord } from '../../gateway/store/calls.js';
import { dayMs, dayOf } from '../../gateway/store/days.js';
import { openStore, type Store } from '../../gateway/store/store.js';
import { type Device, seriesKinds } from '../../gateway/types.js';
import { packageRoot } from '../../schemas/packageRoot.js';
import { fsyncP50Ms } from './fsync.js';
import { type Row, usageOf } from './measure.js';
import { plotOf } from './plot.js';
import { rawAppend } from './rawAppend.js';
import { against, sealing } from './rows.js';
import { startGatewayOn } from './servers.js';

/**
 * Fills a store through the store's own threads, a day of history after another, and measures at several sizes how fast the
 * gateway takes more, and at the end how fast it answers. 30 days; each device has one metric, read every 10 s.
 */
const days = 30;
const intervalMs = 10_000;
const readingsPerDeviceDay = dayMs / intervalMs;
const frameReadings = 60;

export interface StoreBenchOptions {
  rows: number;
  links: number;
  seconds: number;
}

interface Point {
  stored: number;
  readingsPerSecond: number;
}

export async function benchStore({ rows, links, seconds }: StoreBenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    const devices = Math.max(1, Math.round(rows / days / readingsPerDeviceDay));
    const levels = [0, 0.25, 1];
    const fill: Point[] = [];
    const ingest: (Row & { stored: number; at: string })[] = [];
    const raw = rawAppend(5);
    let filled = 0;
    let written = 0;
    await fillDays(folder, devices, 0, 0);
    for (const level of levels) {
      const wanted = Math.round(level * days);
      if (wanted > filled) {
        const { points, bytesWritten } = await fillDays(folder, devices, filled, wanted);
        fill.push(...points);
        written += bytesWritten;
      }
      filled = wanted;
      const stored = filled * devices * readingsPerDeviceDay;
      const at = `${(stored / 1e6).toFixed(0)} M`;
      console.error(`${at} readings stored; measuring …`);
      const sustained = level === 0 ? Math.max(60, seconds) : Math.max(20, seconds);
      ingest.push({ stored, at, ...(await ingestOn(folder, links, sustained, 0)) });
      ingest.push({ stored, at, ...(await ingestOn(folder, links, Math.max(10, seconds), 20_000)) });
    }
    const readings = filled * devices * readingsPerDeviceDay;
    const queries = await timeQueries(folder, devices);
    report({ raw, fill, ingest, queries, readings, written, sizes: sizesOf(folder) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Days of history are told from the newest: yesterday is left free for what is measured. */
const firstDay = dayOf(Date.now()) - 1 - days;

interface Filled {
  points: Point[];
  bytesWritten: number;
}

async function fillDays(folder: string, devices: number, from: number, to: number): Promise<Filled> {
  let now = (firstDay + from) * dayMs;
  const { store } = await openStore({
    folder,
    ballastBytes: 0,
    sealReadings: 4_000_000,
    sealIntervalMs: 1e12,
    finishAfterMs: 0,
    retentionDays: 40,
    rollupRetentionDays: 730,
    now: () => now,
    retentionAllowed: () => false,
    archiveFailed(error) {
      throw error;
    },
    died(error) {
      throw error;
    },
  });
  if (to === 0) await addDevices(store, devices);
  // What the measurements before have left is brought in order first.
  await store.seal();
  await store.idle();
  const points: Point[] = [];
  const before = usageOf(process.pid);
  for (let day = from; day < to; day++) {
    const started = performance.now();
    await commitDay(store, devices, firstDay + day, day);
    await store.seal();
    now = (firstDay + day + 1) * dayMs + 1;
    await store.idle();
    const rows = devices * readingsPerDeviceDay;
    points.push({ stored: (day + 1) * rows, readingsPerSecond: (rows / (performance.now() - started)) * 1000 });
    console.error(
      `day ${day + 1} of ${days}: ${Math.round(points[points.length - 1].readingsPerSecond).toLocaleString('en')} readings/s stored, sealed and finished`,
    );
  }
  const { bytesWritten } = usageOf(process.pid);
  await store.close();
  return { points, bytesWritten: bytesWritten - before.bytesWritten };
}

const deviceName = (n: number): string => `history-${n}`;

async function addDevices(store: Store, devices: number): Promise<void> {
  const made = Array.from(
    { length: devices },
    (_, i): Device => ({
      key: i + 1,
      id: deviceName(i + 1),
      model: null,
      tags: {},
      state: 'active',
      createdAt: 1,
      attributes: {},
      credentials: [],
    }),
  );
  await store.change(made.map((device) => ({ type: 'put_device', device })));
  const batch = createBatch();
  batch.declared.series.push(...made.map(({ key }) => seriesOf(key)));
  await store.commit(batch, (firstDay - 1) * dayMs);
}

const seriesOf = (n: number): SeriesRecord => ({
  id: n,
  deviceKey: n,
  device: deviceName(n),
  deviceCreatedAt: 1,
  metric: 'temperature',
  unit: 'Cel',
  kind: seriesKinds.number,
});

/** Ten minutes of all devices a commit: as a busy gateway would have it. */
async function commitDay(store: Store, devices: number, day: number, index: number): Promise<void> {
  let batch = createBatch();
  for (let at = day * dayMs, seq = index * 144 + 1; at < (day + 1) * dayMs; at += frameReadings * intervalMs, seq++) {
    fillBatch(batch, devices, at, seq);
    batch = (await store.commit(batch, at)).batch;
    batch.readings = 0;
    batch.frames = 0;
  }
}

function fillBatch(batch: Batch, devices: number, at: number, seq: number): void {
  reserveReadings(batch, devices * frameReadings);
  for (let device = 1; device <= devices; device++) {
    for (let i = 0; i < frameReadings; i++) {
      const ts = at + i * intervalMs + (device % intervalMs);
      batch.series[batch.readings] = device;
      batch.ts[batch.readings] = ts;
      batch.value[batch.readings++] = Math.fround(20 + 5 * Math.sin(ts / 7e6 + device));
    }
    addFrame(batch, device, 0, seq, frameReadings, at + device);
  }
}

async function ingestOn(folder: string, links: number, seconds: number, framesPerSecond: number): Promise<Row> {
  const server = await startGatewayOn(folder, links, 'binary', [...sealing, 'store.retentionDays=40']);
  const load = { framesPerSecond, firstAt: (dayOf(Date.now()) - 1) * dayMs };
  const name = framesPerSecond === 0 ? 'as fast as it goes' : `${framesPerSecond.toLocaleString('en')} frames/s`;
  return against(server, name, 'fsynced', load, { seconds, links }, 10);
}

interface Timing {
  name: string;
  count: number;
  rows: number;
  p50Ms: number;
  p99Ms: number;
}

async function timeQueries(folder: string, devices: number): Promise<Timing[]> {
  const server = await startGatewayOn(folder, 1, 'binary', ['store.retentionDays=40']);
  const { gateway } = server;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let state = 1;
  const random = (count: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % count;
  };
  const time = async (name: string, count: number, path: () => string): Promise<Timing> => {
    const times: number[] = [];
    let rows = 0;
    for (let i = 0; i < count + 20; i++) {
      const started = performance.now();
      const body = await read(agent, gateway.operatorUrl + path(), gateway.key);
      // The first few are for warming up. The client's own parsing is not the gateway's time.
      if (i >= 20) times.push(performance.now() - started);
      rows = (JSON.parse(body) as { items: unknown[] }).items.length;
    }
    times.sort((a, b) => a - b);
    return { name, count, rows, p50Ms: times[count >> 1], p99Ms: times[Math.floor(count * 0.99)] };
  };
  try {
    await gateway.api('POST', '/v1/gateway/seal');
    await untilQuiet(() => gateway.api<string>('GET', '/metrics'));
    const device = (): string => `/v1/devices/${deviceName(1 + random(devices))}/readings`;
    return [
      await time('one device, one day of readings', 300, () => {
        const from = (firstDay + random(days)) * dayMs;
        return `${device()}?from=${from}&to=${from + dayMs}&limit=10000`;
      }),
      await time('one metric, 30 days, every=1h', 300, () => {
        return `${device()}?metric=temperature&every=1h&from=${firstDay * dayMs}&to=${(firstDay + days) * dayMs}&limit=10000`;
      }),
      await time('one metric, one day, every=1m', 300, () => {
        const from = (firstDay + random(days)) * dayMs;
        return `${device()}?every=1m&from=${from}&to=${from + dayMs}&limit=10000`;
      }),
      await time('the newest 100 readings of a device', 300, () => `${device()}?order=desc&limit=100`),
    ];
  } finally {
    agent.destroy();
    await server.stop();
  }
}

/** The body of an answer, over a connection that is kept. */
function read(agent: Agent, url: string, key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${key}` } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks).toString()));
    }).on('error', reject);
  });
}

/** Until what the measurements before have left to merge and to finish is done. */
async function untilQuiet(metrics: () => Promise<string>): Promise<void> {
  for (let last = '', same = 0; same < 5; ) {
    await wait(1_000);
    const upkeep = (await metrics()).match(/^tidegate_(upkeep_seconds_total|seals_total).*$/gm)?.join() ?? '';
    same = upkeep === last ? same + 1 : 0;
    last = upkeep;
  }
}

function sizesOf(folder: string): { readings: number; rollups: number } {
  const sizes = { readings: 0, rollups: 0 };
  for (const name of readdirSync(join(folder, 'readings'))) {
    const { size } = statSync(join(folder, 'readings', name));
    if (dayOf(Date.parse(name.slice(0, 10))) >= firstDay + days) continue;
    sizes[name.includes('.rollup.') ? 'rollups' : 'readings'] += size;
  }
  return sizes;
}

interface Report {
  raw: Row;
  fill: Point[];
  ingest: (Row & { stored: number; at: string })[];
  queries: Timing[];
  readings: number;
  written: number;
  sizes: { readings: number; rollups: number };
}

function report({ raw, fill, ingest, queries, readings, written, sizes }: Report): void {
  const whole = (rate: number): string => Math.round(rate).toLocaleString('en');
  const fast = ingest.filter(({ name }) => name === 'as fast as it goes');
  const empty = fast[0].readingsPerSecond;
  const lines = [
    tableOf(
      ['STORED', 'LOAD', 'READINGS/S', 'OF EMPTY', 'OF RAW', 'P50 MS', 'P99 MS', 'CPU S/M', 'B WRITTEN'],
      ingest.map((row) => [
        row.at,
        row.name,
        whole(row.readingsPerSecond),
        row.name === 'as fast as it goes' ? `${((100 * row.readingsPerSecond) / empty).toFixed(0)} %` : '–',
        row.name === 'as fast as it goes'
          ? `${((100 * row.readingsPerSecond) / raw.readingsPerSecond).toFixed(0)} %`
          : '–',
        row.p50Ms?.toFixed(1) ?? '–',
        row.p99Ms?.toFixed(1) ?? '–',
        row.serverCpuPerMillion?.toFixed(2) ?? '–',
        row.bytesWrittenPerReading?.toFixed(0) ?? '–',
      ]),
    ),
    '',
    tableOf(
      ['QUERY OVER HTTP', 'ROWS', 'COUNT', 'P50 MS', 'P99 MS'],
      queries.map(({ name, rows, count, p50Ms, p99Ms }) => [
        name,
        String(rows),
        String(count),
        p50Ms.toFixed(1),
        p99Ms.toFixed(1),
      ]),
    ),
    '',
    `raw better-sqlite3 row append in this run: ${whole(raw.readingsPerSecond)} rows/s`,
    `history: ${(readings / 1e6).toFixed(1)} M readings in ${days} finished days, ${(sizes.readings / readings).toFixed(1)} B a reading on disk, ${(sizes.rollups / readings).toFixed(2)} B of aggregates; ${(written / readings).toFixed(0)} B written a reading (log, runs, finished files, aggregates)`,
    `stored, sealed and finished at ${whole(Math.min(...fill.map((point) => point.readingsPerSecond)))} to ${whole(Math.max(...fill.map((point) => point.readingsPerSecond)))} readings/s`,
    '',
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GiB, node ${process.versions.node}, fsync p50 ${fsyncP50Ms().toFixed(2)} ms; generator on the same machine`,
  ];
  console.log(lines.join('\n'));
  writeFileSync(
    join(packageRoot, 'docs', 'store-rate.svg'),
    plotOf('Readings a second against readings stored', [
      { name: 'history: stored, sealed, finished', points: fill.map((p) => [p.stored, p.readingsPerSecond]) },
      {
        name: 'gateway: acknowledged, with sealing and merging',
        points: fast.map((row) => [row.stored, row.readingsPerSecond]),
      },
    ]),
  );
}
