import type Database from 'better-sqlite3';
import { scalarOf } from '../../columns/scalar.js';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import { runTable } from '../dayFiles/dayFile.js';
import { type RollupTable, rollups } from '../dayFiles/rollup.js';
import { columnStatement, tupleStatement } from '../sqlite/statement.js';
import type { DayHandle } from './dayHandles.js';
import type { OpenFile } from './openFile.js';
import { armsOf, direction, type Order, overlapping, type WantedSeries } from './readingSource.js';
import { type BucketPart, chunked, type Source } from './rowSource.js';

type StoredBucket = [
  ts: number,
  count: number,
  min: number | null,
  max: number | null,
  sum: number | null,
  first: number | string,
  last: number | string,
  firstAt: number,
  lastAt: number,
];

function partOf(id: number, kind: SeriesKind, everyMs: number, row: StoredBucket): BucketPart {
  const [ts, count, min, max, sum, first, last, firstAt, lastAt] = row;
  const number = kind === seriesKinds.number;
  return {
    series: id,
    ts: Math.floor(ts / everyMs) * everyMs,
    count,
    min: number ? min : null,
    max: number ? max : null,
    sum: number ? sum : null,
    first: scalarOf(kind, first),
    last: scalarOf(kind, last),
    firstAt,
    lastAt,
  };
}

/** Gathers the buckets of one series in a span of time. */
export type BucketStatement = Database.Statement<[{ series: number; from: number; to: number }], StoredBucket>;

/**
 * SQLite gathers the buckets. The width is part of the SQL text, because a bound number would divide as a fraction. Null if the file
 * has no reading in the span.
 */
export function prepareBuckets(
  { file, runs }: OpenFile,
  from: number,
  to: number,
  everyMs: number,
  order: Order,
): BucketStatement | null {
  const arms = overlapping(runs, from, to);
  if (arms.length === 0) return null;
  const valueAt = (time: string): string =>
    `(${arms.map((run) => `SELECT value FROM ${runTable(run)} WHERE series = :series AND ts = ${time}`).join(' UNION ALL ')} LIMIT 1)`;
  return tupleStatement(
    file,
    `SELECT bucket * ${everyMs}, count, min, max, sum, ${valueAt('first_at')}, ${valueAt('last_at')}, first_at, last_at FROM (
      SELECT ts / ${everyMs} AS bucket, count(*) AS count, min(value) AS min, max(value) AS max, sum(value) AS sum,
        min(ts) AS first_at, max(ts) AS last_at
      FROM (${armsOf(arms)}) GROUP BY bucket
    ) ORDER BY bucket ${direction(order)}`,
  );
}

/** The number of buckets of one device that are in memory at once. The series of a query share them. */
const bucketsMax = 65_536;

export const bucketsPerChunk = (series: number): number =>
  Math.max(16, Math.min(1_024, Math.floor(bucketsMax / series)));

export function bucketSource(
  select: BucketStatement,
  { local, id, kind }: WantedSeries,
  from: number,
  to: number,
  everyMs: number,
  order: Order,
  perChunk: number,
): Source<BucketPart> {
  const width = perChunk * everyMs;
  const chunks = spansOf(from, to, width, order);
  return chunked<BucketPart>(
    () => {
      const span = chunks.next();
      if (span.done) return null;
      const [low, high] = span.value;
      return select.all({ series: local, from: low, to: high }).map((row) => partOf(id, kind, everyMs, row));
    },
    () => false,
  );
}

/** [from, to) cut at multiples of `width`. */
function* spansOf(from: number, to: number, width: number, order: Order): Generator<[number, number]> {
  const first = Math.floor(from / width);
  const last = Math.floor((to - 1) / width);
  for (let i = 0; i <= last - first; i++) {
    const index = order === 'asc' ? first + i : last - i;
    yield [Math.max(from, index * width), Math.min(to, (index + 1) * width)];
  }
}

/** The part of [from, to) that consists of whole buckets of this width, or null if the day's readings answer more exactly. */
export function rollupSpan(from: number, to: number, width: number, isAllThereIs: boolean): [number, number] | null {
  if (from % width === 0 && to % width === 0) return [from, to];
  if (!isAllThereIs) return null;
  return [Math.ceil(from / width) * width, Math.floor(to / width) * width];
}

/** The hour table has every series, and the minute table only those that are dense enough. */
export function seriesIn({ file, series }: OpenFile, table: RollupTable): WantedSeries[] {
  if (table === 'rollup_1h') return series;
  const has = columnStatement<number, [series: number]>(file, `SELECT 1 FROM ${table} WHERE series = ? LIMIT 1`);
  return series.filter(({ local }) => has.get(local) !== undefined);
}

export function rollupSource(
  file: DayHandle,
  table: RollupTable,
  { local, id, kind }: WantedSeries,
  [from, to]: [number, number],
  everyMs: number,
  order: Order,
  perChunk: number,
): Source<BucketPart> {
  const select = tupleStatement<StoredBucket, [series: number, from: number, to: number]>(
    file,
    `SELECT ts, count, min, max, sum, first, last, ts + first_after, ts + last_after FROM ${table} WHERE series = ? AND ts >= ? AND ts < ? ORDER BY ts ${direction(order)}`,
  );
  const chunks = spansOf(from, to, perChunk * rollups[table], order);
  return chunked<BucketPart>(
    () => {
      const span = chunks.next();
      if (span.done) return null;
      return select.all(local, ...span.value).map((row) => partOf(id, kind, everyMs, row));
    },
    () => false,
  );
}
