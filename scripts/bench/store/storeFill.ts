import { addFrame, type Batch, createBatch } from '../../../gateway/columns/batch.js';
import { reserveReadings } from '../../../gateway/columns/readingColumns.js';
import type { Device } from '../../../gateway/domain/device.js';
import { type SeriesRecord, seriesKinds } from '../../../gateway/domain/series.js';
import { dayMs, dayOf } from '../../../gateway/store/dayFiles/days.js';
import { openStore, type Store, type StoreOptions } from '../../../gateway/store/store.js';
import { shortestFloat32 } from '../../../schemas/frame/float32.js';
import { usageOf } from '../table/measure.js';

/** How many finished days the history has. In each day every device has one metric, which it reads every 10 s. */
export const days = 30;

const intervalMs = 10_000;

export const readingsPerDeviceDay = dayMs / intervalMs;

/** How many readings a frame has. */
const frameReadings = 60;

/** The first day of the history, which ends two days ago: yesterday is left free for the measurements. */
export const firstDay = dayOf(Date.now()) - 1 - days;

export const deviceName = (n: number): string => `history-${n}`;

/** The figures of one day of history. */
export interface Point {
  /** How many readings are stored in all. */
  stored: number;
  /** How fast the readings of the day were stored, sealed and finished. */
  readingsPerSecond: number;
}

export interface Filled {
  points: Point[];
  bytesWritten: number;
}

/** Opens a store without a gateway. Every failure of its threads ends the bench. */
export function openBenchStore(folder: string, more: Partial<StoreOptions>): Promise<{ store: Store }> {
  const fail = (error: Error): never => {
    throw error;
  };
  return openStore({
    folder,
    ballastBytes: 0,
    sealReadings: 4_000_000,
    sealIntervalMs: 1e12,
    finishAfterMs: 0,
    retentionDays: 40,
    rollupRetentionDays: 730,
    now: Date.now,
    retentionAllowed: () => false,
    archiveFailed: fail,
    died: fail,
    ...more,
  });
}

/** Fills the days from `from` up to `to`, the same way as a gateway does: commits, seals, finished days with their rollups. */
export async function fillDays(folder: string, devices: number, from: number, to: number): Promise<Filled> {
  let now = (firstDay + from) * dayMs;
  const { store } = await openBenchStore(folder, { now: () => now });
  if (from === 0 && to > 0) await addDevices(store, devices);
  // Seals and merges what the measurements before have left.
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
    const readingsPerSecond = (rows / (performance.now() - started)) * 1000;
    points.push({ stored: (day + 1) * rows, readingsPerSecond });
    console.error(
      `day ${day + 1} of ${days}: ${Math.round(readingsPerSecond).toLocaleString('en')} readings/s stored, sealed and finished`,
    );
  }
  const { bytesWritten } = usageOf(process.pid);
  await store.close();
  return { points, bytesWritten: bytesWritten - before.bytesWritten };
}

async function addDevices(store: Store, devices: number): Promise<void> {
  const made = Array.from({ length: devices }, (_, i) => deviceOf(i + 1));
  await store.change(made.map((device) => ({ type: 'put_device', device })));
  const batch = createBatch();
  for (const { key } of made) batch.declared.series.push(seriesOf(key));
  await store.commit(batch, (firstDay - 1) * dayMs);
}

/** A device of the history, by its key. */
export const deviceOf = (key: number): Device => ({
  key,
  id: deviceName(key),
  name: null,
  notes: null,
  model: null,
  tags: {},
  state: 'active',
  createdAt: 1,
  attributes: {},
  credentials: [],
});

const seriesOf = (n: number): SeriesRecord => ({
  id: n,
  deviceKey: n,
  device: deviceName(n),
  deviceCreatedAt: 1,
  metric: 'temperature',
  unit: 'Cel',
  kind: seriesKinds.number,
});

/** Stores a day of readings, with ten minutes of all devices per commit. */
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
      batch.value[batch.readings++] = shortestFloat32(Math.fround(20 + 5 * Math.sin(ts / 7e6 + device)));
    }
    addFrame(batch, device, 0, seq, frameReadings, at + device);
  }
}
