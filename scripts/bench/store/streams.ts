import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { tableOf } from '../../../cli/terminal/output.js';
import { addFrame, type Batch, createBatch } from '../../../gateway/columns/batch.js';
import { reserveReadings } from '../../../gateway/columns/readingColumns.js';
import { type SeriesRecord, seriesKinds } from '../../../gateway/domain/series.js';
import type { Store } from '../../../gateway/store/store.js';
import { shortestFloat32 } from '../../../schemas/frame/float32.js';
import type { PartOptions } from '../part.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import { usageOf } from '../table/measure.js';
import { openBenchStore } from './storeFill.js';

const streams = 100_000;

/** Each frame has one reading per metric. */
const metrics = 5;

const commitIntervalMs = 10;

interface StreamsResult {
  name: string;
  framesPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  bytesPerFrame: number;
  /** The most unsealed readings in each third of the time. */
  unsealed: number[];
}

/**
 * Measures 100,000 streams that send one frame of 5 readings per second each. A process has fewer than 100,000 file descriptors by
 * default, so the frames go to the store as the batcher gives them: one commit is in flight, and the next has all frames that are due by then.
 */
export async function benchStreams({ seconds, json }: PartOptions): Promise<void> {
  const results = [
    await run('the log alone', Math.min(15, seconds), { sealReadings: 1_000_000_000 }),
    await run('with sealing and merging', seconds, {}),
  ];
  const machine = `${machineOf(fsyncP50Ms())}; generator on the same machine`;
  if (json) return console.log(JSON.stringify({ machine, streams, metrics, results }, null, 2));
  const rows = results.map((result) => [
    result.name,
    Math.round(result.framesPerSecond).toLocaleString('en'),
    ...[result.p50Ms, result.p99Ms, result.maxMs].map((ms) => ms.toFixed(1)),
    result.bytesPerFrame.toFixed(0),
    result.unsealed.map((readings) => `${(readings / 1e6).toFixed(1)} M`).join(' → '),
  ]);
  console.log(tableOf(['STORE', 'FRAMES/S', 'P50 MS', 'P99 MS', 'MAX MS', 'B PER FRAME', 'MOST UNSEALED'], rows));
  console.log(
    `\n${streams.toLocaleString('en')} streams, each with one frame of ${metrics} readings per second; one commit every ${commitIntervalMs} ms; in the first seal all series are new; B PER FRAME: bytes written; MOST UNSEALED: in each third of the time, where one seal has 4 M readings and commits wait at 16 M; ${machine}`,
  );
}

async function run(name: string, seconds: number, more: { sealReadings?: number }): Promise<StreamsResult> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    const { store } = await openBenchStore(folder, { finishAfterMs: 3_600_000, ...more });
    await declare(store);
    // Every stream sends its first frames before anything is measured.
    await send(store, 2, null);
    const latency = createHistogram();
    const unsealed: number[] = [];
    const timer = setInterval(() => unsealed.push(store.unsealedReadings()), 500);
    const before = usageOf(process.pid);
    const started = performance.now();
    const frames = await send(store, seconds, latency);
    const elapsed = (performance.now() - started) / 1000;
    clearInterval(timer);
    const written = usageOf(process.pid).bytesWritten - before.bytesWritten;
    await store.close();
    return {
      name,
      framesPerSecond: frames / elapsed,
      p50Ms: latency.percentile(50) / 1000,
      p99Ms: latency.percentile(99) / 1000,
      maxMs: latency.max / 1000,
      bytesPerFrame: written / frames,
      unsealed: thirdsOf(unsealed).map((third) => Math.max(...third)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function thirdsOf<Item>(items: Item[]): Item[][] {
  const third = Math.ceil(items.length / 3);
  return [0, 1, 2].map((i) => items.slice(i * third, (i + 1) * third));
}

async function declare(store: Store): Promise<void> {
  for (let first = 1; first <= streams; first += 5_000) {
    const batch = createBatch();
    for (let device = first; device < first + 5_000; device++) {
      batch.declared.streams.push({ id: device, deviceKey: device, name: 'main', kept: true });
      for (let metric = 0; metric < metrics; metric++) batch.declared.series.push(seriesOf(device, metric));
    }
    await store.commit(batch, Date.now());
  }
}

const seriesOf = (device: number, metric: number): SeriesRecord => ({
  id: (device - 1) * metrics + metric + 1,
  deviceKey: device,
  device: `stream-${device}`,
  deviceCreatedAt: 1,
  metric: `metric-${metric}`,
  unit: null,
  kind: seriesKinds.number,
});

/** Stores frames at a steady rate. The latency of a frame is in µs, from when it was due to when its commit was on disk. */
async function send(store: Store, seconds: number, latency: RecordableHistogram | null): Promise<number> {
  const started = performance.now();
  const total = seconds * streams;
  let batch = createBatch();
  for (let sent = 0; sent < total; ) {
    const began = performance.now();
    const due = Math.min(total, Math.floor(((began - started) / 1000) * streams));
    const first = sent;
    const at = Date.now();
    for (; sent < due; sent++) addDue(batch, sent, at);
    if (sent > first) {
      batch = (await store.commit(batch, at)).batch;
      batch.readings = 0;
      batch.frames = 0;
      const done = performance.now();
      for (let i = first; i < sent && latency !== null; i++)
        latency.record(Math.max(1, Math.round((done - started - (i / streams) * 1000) * 1000)));
    }
    await wait(Math.max(0, began + commitIntervalMs - performance.now()));
  }
  return total;
}

let seq = 0;

function addDue(batch: Batch, index: number, at: number): void {
  const device = 1 + (index % streams);
  if (device === 1) seq++;
  reserveReadings(batch, metrics);
  for (let metric = 0; metric < metrics; metric++) {
    batch.series[batch.readings] = (device - 1) * metrics + metric + 1;
    batch.ts[batch.readings] = at;
    batch.value[batch.readings++] = shortestFloat32(Math.fround(20 + metric + (index % 1000) / 8));
  }
  addFrame(batch, device, device, seq, metrics, at);
}
