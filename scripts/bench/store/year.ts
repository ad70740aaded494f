import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableOf } from '../../../cli/terminal/output.js';
import { addFrame, type Batch, createBatch, emptyBatch } from '../../../gateway/columns/batch.js';
import { reserveReadings } from '../../../gateway/columns/readingColumns.js';
import { type SeriesRecord, seriesKinds } from '../../../gateway/domain/series.js';
import { dayMs, dayOf } from '../../../gateway/store/dayFiles/days.js';
import type { Store } from '../../../gateway/store/store.js';
import type { GatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import type { PartOptions } from '../part.js';
import { startGatewayOn } from '../servers/servers.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import { usageOf } from '../table/measure.js';
import { deviceOf, openBenchStore } from './storeFill.js';
import { type Kind, randomOf, type Timing, timeKinds, timeSqlite } from './storeQueries.js';

const devices = 500;
const daysInYear = 365;
const minuteMs = 60_000;
/** How many minutes of a device are in a frame. */
const frameMinutes = 10;
/** How far the time of a sample is from its minute, at most. */
const jitterMs = 40;
const retention = 400;

/** What each device measures: a walk of a whole number in steps of the sensor, between two bounds. */
const metrics = [
  { name: 'temperature', unit: 'Cel', per: 10, from: 150, to: 300 },
  { name: 'humidity', unit: '%RH', per: 2, from: 60, to: 180 },
  { name: 'pressure', unit: 'hPa', per: 10, from: 9_700, to: 10_400 },
  { name: 'co2', unit: 'ppm', per: 1, from: 400, to: 2_000 },
  { name: 'voltage', unit: 'V', per: 100, from: 300, to: 420 },
] as const;

/** Measures what a year of 500 devices that send 5 metrics a minute takes: on disk, at a start, in queries and in memory. */
export async function benchYear({ days, json }: PartOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    const count = days === 0 ? daysInYear : days;
    const first = dayOf(Date.now()) - 1 - count;
    const started = performance.now();
    const written = await fill(folder, first, count);
    const fillSeconds = (performance.now() - started) / 1_000;
    const readings = devices * metrics.length * 1_440 * count;
    const sizes = sizesOf(folder);
    const startedAt = performance.now();
    const server = await startGatewayOn(folder, 1, 'binary', [`store.retentionDays=${retention}`]);
    try {
      const startMs = performance.now() - startedAt;
      const restBytes = usageOf(server.pid).residentBytes;
      const timings = await timeYear(server.gateway, folder, first, count);
      const queriedBytes = usageOf(server.pid).residentBytes;
      const machine = machineOf(fsyncP50Ms());
      const result = { machine, days: count, readings, fillSeconds, written, sizes, startMs, restBytes, queriedBytes };
      if (json) console.log(JSON.stringify({ ...result, timings }, null, 2));
      else report(result, timings);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Sizes {
  /** Bytes of finished days. */
  readings: number;
  rollups: number;
  /** Bytes of everything else, above all the log. */
  rest: number;
}

interface Result {
  machine: string;
  days: number;
  readings: number;
  fillSeconds: number;
  /** Bytes sent to the disk. */
  written: number;
  sizes: Sizes;
  /** From the start of the process until it is ready. */
  startMs: number;
  restBytes: number;
  queriedBytes: number;
}

async function fill(folder: string, first: number, count: number): Promise<number> {
  let now = first * dayMs;
  const { store } = await openBenchStore(folder, {
    now: () => now,
    retentionDays: retention,
    sealReadings: 8_000_000,
  });
  await declare(store, now);
  const before = usageOf(process.pid).bytesWritten;
  const walks = new Float64Array(devices * metrics.length).map((_, i) => metrics[i % metrics.length].from + (i % 97));
  const random = randomOf(7);
  let seq = 0;
  for (let day = first; day < first + count; day++) {
    let batch = createBatch();
    for (let at = day * dayMs; at < (day + 1) * dayMs; at += frameMinutes * minuteMs) {
      seq++;
      addFrames(batch, at, seq, walks, random);
      batch = emptyBatch((await store.commit(batch, at)).batch);
    }
    await store.seal();
    now = (day + 1) * dayMs + 1;
    await store.idle();
    if ((day - first + 1) % 30 === 0) console.error(`${day - first + 1} of ${count} days`);
  }
  await store.close();
  return usageOf(process.pid).bytesWritten - before;
}

async function declare(store: Store, at: number): Promise<void> {
  const made = Array.from({ length: devices }, (_, i) => deviceOf(i + 1));
  await store.change(made.map((device) => ({ type: 'put_device', device })));
  const batch = createBatch();
  for (const { key, id } of made) {
    batch.declared.streams.push({ id: key, deviceKey: key, name: 'main', kept: true });
    for (const [i, { name, unit }] of metrics.entries())
      batch.declared.series.push({
        id: (key - 1) * metrics.length + i + 1,
        deviceKey: key,
        device: id,
        deviceCreatedAt: 1,
        metric: name,
        unit,
        kind: seriesKinds.number,
      } satisfies SeriesRecord);
  }
  await store.commit(batch, at);
}

/** Adds one frame of ten minutes per device. */
function addFrames(
  batch: Batch,
  at: number,
  seq: number,
  walks: Float64Array,
  random: (below: number) => number,
): void {
  const perFrame = frameMinutes * metrics.length;
  reserveReadings(batch, devices * perFrame);
  for (let device = 1; device <= devices; device++) {
    const offset = (device * 7_919) % minuteMs;
    for (let minute = 0; minute < frameMinutes; minute++) {
      const ts = at + Math.min(minute * minuteMs + offset + random(jitterMs), frameMinutes * minuteMs - 1);
      for (let metric = 0; metric < metrics.length; metric++) {
        const series = (device - 1) * metrics.length + metric;
        batch.series[batch.readings] = series + 1;
        batch.ts[batch.readings] = ts;
        batch.value[batch.readings++] = walked(walks, series, metrics[metric], random(9) - 4);
      }
    }
    addFrame(batch, device, device, seq, perFrame, at + frameMinutes * minuteMs);
  }
}

function walked(
  walks: Float64Array,
  series: number,
  { per, from, to }: (typeof metrics)[number],
  step: number,
): number {
  const next = walks[series] + (Math.abs(step) > 2 ? step - Math.sign(step) * 2 : 0);
  walks[series] = Math.min(to, Math.max(from, next));
  return walks[series] / per;
}

function timeYear(gateway: GatewayProcess, folder: string, first: number, count: number): Promise<Timing[]> {
  const random = randomOf(1);
  const device = (): string => `/v1/devices/${deviceOf(1 + random(devices)).id}/readings`;
  const span = (length: number): string => {
    const from = first + random(count - length + 1);
    return `from=${from * dayMs}&to=${(from + length) * dayMs}&limit=10000`;
  };
  const kinds: Kind[] = [
    ['one device, one day, 5 metrics', () => `${device()}?${span(1)}`],
    ['one metric, 30 days, every=1h', () => `${device()}?metric=temperature&every=1h&${span(Math.min(30, count))}`],
    ['one metric, the whole time, every=1d', () => `${device()}?metric=temperature&every=1d&${span(count)}`],
    ['the newest 100 readings of a device', () => `${device()}?order=desc&limit=100`],
  ];
  const at = (): [number, string] => [first + random(count), deviceOf(1 + random(devices)).id];
  return timeKinds(gateway, kinds).then((timings) => [...timings, timeSqlite(folder, at)]);
}

function sizesOf(folder: string): Sizes {
  const sizes: Sizes = { readings: 0, rollups: 0, rest: 0 };
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { size } = statSync(join(entry.parentPath, entry.name));
    const isDay = entry.parentPath.endsWith('readings');
    sizes[isDay ? (entry.name.includes('.rollup.') ? 'rollups' : 'readings') : 'rest'] += size;
  }
  return sizes;
}

function report(result: Result, timings: Timing[]): void {
  const { machine, days, readings, fillSeconds, written, sizes, startMs, restBytes, queriedBytes } = result;
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`;
  const perReading = (bytes: number): string => `${(bytes / readings).toFixed(2)} B per reading`;
  console.log(
    tableOf(
      ['WHAT', 'FIGURE', ''],
      [
        [
          'readings',
          `${(readings / 1e6).toFixed(0)} M`,
          `${days} days of ${devices} devices with ${metrics.length} metrics a minute`,
        ],
        ['finished days', mebibytes(sizes.readings), perReading(sizes.readings)],
        ['rollups', mebibytes(sizes.rollups), perReading(sizes.rollups)],
        ['other files', mebibytes(sizes.rest), ''],
        ['written in all', mebibytes(written), perReading(written)],
        [
          'stored, sealed and finished',
          `${Math.round(readings / fillSeconds).toLocaleString('en')} readings/s`,
          `${fillSeconds.toFixed(0)} s`,
        ],
        ['start until ready', `${startMs.toFixed(0)} ms`, 'including one device added'],
        ['memory after the start', mebibytes(restBytes), ''],
        ['memory after the queries', mebibytes(queriedBytes), ''],
      ],
    ),
  );
  const ms = (value: number): string => value.toFixed(1);
  console.log(
    `\n${tableOf(
      ['QUERY', 'ROWS', 'COUNT', 'P50 MS', 'P99 MS'],
      timings.map(({ name, rows, count, p50Ms, p99Ms }) => [name, String(rows), String(count), ms(p50Ms), ms(p99Ms)]),
    )}\n\n${machine}`,
  );
}
