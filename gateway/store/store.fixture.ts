import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { addFrame, type Batch, createBatch } from '../columns/batch.js';
import { reserveReadings } from '../columns/readingColumns.js';
import type { BucketRow, ReadingRow, ReadingsQuery } from '../domain/readingsQuery.js';
import { type SeriesRecord, seriesKinds } from '../domain/series.js';
import { openStore, type Store, type StoreOptions } from './store.js';
import type { UpkeepStep } from './threads/archiving.js';

/** 2026-11-22T00:00:00Z, the start of a UTC day. */
export const midnight = 1_795_305_600_000;

/** The open stores of each test. The hook that removes a folder closes the stores on it first. */
const opened = new WeakMap<TestContext, Store[]>();

export function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-store-'));
  context.after(async () => {
    for (const store of opened.get(context) ?? []) await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Options of a store that seals only on request. */
export function storeOptions(folder: string, more: Partial<StoreOptions> = {}): StoreOptions {
  return {
    folder,
    ballastBytes: 0,
    sealReadings: 1_000_000,
    sealIntervalMs: 1e12,
    finishAfterMs: 3_600_000,
    retentionDays: 30,
    rollupRetentionDays: 730,
    now: () => midnight,
    retentionAllowed: () => true,
    archiveFailed: (error) => assert.fail(error),
    died: (error) => assert.fail(error),
    ...more,
  };
}

export async function openTestStore(context: TestContext, folder: string, more: Partial<StoreOptions> = {}) {
  const made = await openStore(storeOptions(folder, more));
  opened.set(context, [...(opened.get(context) ?? []), made.store]);
  return made;
}

/**
 * Opens a store on a clock that `turnTo` sets; it resolves when the archiver has nothing left to do. `done` lists the upkeep tasks
 * that ended, such as `finish 2026-11-22`.
 */
export async function openOnClock(context: TestContext, folder: string, more: Partial<StoreOptions> = {}) {
  let now = midnight;
  const steps: UpkeepStep[] = [];
  const made = await openTestStore(context, folder, { now: () => now, worked: (step) => steps.push(step), ...more });
  return {
    ...made,
    steps,
    done: (): string[] => steps.filter((step) => step.done).map(({ task, day }) => `${task} ${day}`),
    async turnTo(at: number): Promise<void> {
      now = at;
      await made.store.idle();
    },
  };
}

/** Series n of device d: odd ids are numbers, even ones strings. */
export function series(id: number, metric: string, kind: SeriesRecord['kind'] = seriesKinds.number): SeriesRecord {
  return { id, deviceKey: 1, device: 'd', deviceCreatedAt: 1, metric, unit: null, kind };
}

export type Triple = [series: number, ts: number, value: number];

/** One frame of device 1 in stream 1. */
export function batchOf(seq: number, readings: Triple[], declared: SeriesRecord[] = []): Batch {
  const batch = createBatch();
  reserveReadings(batch, readings.length);
  for (const [id, ts, value] of readings) {
    batch.series[batch.readings] = id;
    batch.ts[batch.readings] = ts;
    batch.value[batch.readings++] = value;
  }
  addFrame(batch, 1, 1, seq, readings.length, midnight + seq);
  batch.declared.series.push(...declared);
  if (seq === 1) batch.declared.streams.push({ id: 1, deviceKey: 1, name: 'main', kept: true });
  return batch;
}

/** Of device 1 a number and the text `secret-SEQ` (series 1, 2), which no file may have after an erasure, and of device 2 a number. */
export function batchOfTwo(seq: number, at: number, declared: SeriesRecord[] = []): Batch {
  const batch = batchOf(
    seq,
    [
      [1, at, 1],
      [2, at, 0],
    ],
    declared,
  );
  batch.strings.push(`secret-${seq}`);
  return withOther(batch, seq, at);
}

/** Adds a reading of device 2 to the batch, and returns the batch. */
export function withOther(batch: Batch, seq: number, at: number): Batch {
  reserveReadings(batch, 1);
  batch.series[batch.readings] = otherSeries.id;
  batch.ts[batch.readings] = at;
  batch.value[batch.readings++] = seq;
  addFrame(batch, 2, 2, seq, 1, at);
  return batch;
}

/** The files below that folder that contain data of the first device of `batchOfTwo`. */
export const remembered = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /secret-|temper.*door/.test(readFileSync(path, 'latin1')));

/** The series of the second device of `batchOfTwo`. */
export const otherSeries: SeriesRecord = {
  ...series(4, 'temperature'),
  deviceKey: 2,
  device: 'other',
  deviceCreatedAt: 2,
};

export function queryOf(known: SeriesRecord[], query: Partial<ReadingsQuery> = {}): ReadingsQuery {
  return {
    device: { id: known[0].device, key: known[0].deviceKey, createdAt: known[0].deviceCreatedAt },
    series: known.map(({ id, metric, kind }) => ({ id, metric, kind })),
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    order: 'asc',
    limit: 10_000,
    after: null,
    everyMs: null,
    ...query,
  };
}

/** All pages of a query. */
export async function readAll(store: Store, query: ReadingsQuery): Promise<(ReadingRow | BucketRow)[]> {
  const rows: (ReadingRow | BucketRow)[] = [];
  for (let { after } = query; ; ) {
    const page = await store.read('readings', { ...query, after });
    assert.ok(page.rows.length <= query.limit);
    rows.push(...page.rows);
    if (!page.more) return rows;
    after = page.rows.at(-1) ?? null;
  }
}

export async function readTriples(store: Store, query: ReadingsQuery): Promise<[number, number, unknown][]> {
  return ((await readAll(store, query)) as ReadingRow[]).map(({ series: id, ts, value }) => [id, ts, value]);
}
