import { scalarOf } from '../../columns/scalar.js';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import { bucketColumns, type BucketRow as PackedBuckets, unpackBuckets } from '../chunks/bucketChunk.js';
import { addReadings, type Buckets, clearBuckets, createBuckets, sumAt } from '../chunks/buckets.js';
import { DamagedChunkError } from '../chunks/packing.js';
import { isDamage } from '../dayFiles/damage.js';
import { type RollupTable, rollups } from '../dayFiles/rollup.js';
import { columnStatement, tupleStatement } from '../sqlite/statement.js';
import type { Blocks, Order, TellDamaged, WantedSeries } from './blocks.js';
import type { OpenFile } from './openFile.js';
import { type BucketPart, listSource, portioned, type Source } from './rowSource.js';

/** The buckets of one block or row. All sources share it, because a device of many series and lanes has as many of them. */
const buckets = createBuckets(64);

/** The parts of buckets from a lane of readings. A bucket that two blocks share has two parts. */
export function bucketSource(blocks: Blocks, series: WantedSeries, everyMs: number, order: Order): Source<BucketPart> {
  return portioned<BucketPart>(() => {
    const block = blocks();
    if (block === null) return null;
    clearBuckets(buckets);
    addReadings(buckets, series.kind, everyMs, block.readings, block.from, block.to);
    return partsOf(buckets, series, everyMs, order);
  });
}

function partsOf(of: Buckets, { id, kind }: WantedSeries, everyMs: number, order: Order): BucketPart[] {
  const parts: BucketPart[] = [];
  for (let b = 0; b < of.count; b++) parts.push(partOf(of, b, id, kind, everyMs));
  return order === 'asc' ? parts : parts.reverse();
}

function partOf(buckets: Buckets, b: number, id: number, kind: SeriesKind, everyMs: number): BucketPart {
  const number = kind === seriesKinds.number;
  const scalarAt = (value: number) => scalarOf(kind, kind === seriesKinds.string ? buckets.texts[value] : value);
  return {
    series: id,
    ts: Math.floor(buckets.ts[b] / everyMs) * everyMs,
    count: buckets.readings[b],
    min: number ? buckets.min[b] : null,
    max: number ? buckets.max[b] : null,
    sum: number ? sumAt(buckets, b) : null,
    first: scalarAt(buckets.first[b]),
    last: scalarAt(buckets.last[b]),
    firstAt: buckets.firstAt[b],
    lastAt: buckets.lastAt[b],
  };
}

/** The part of [from, to) that consists of whole buckets of this width, or null if the day's readings answer more exactly. */
export function rollupSpan(from: number, to: number, width: number, isAllThereIs: boolean): [number, number] | null {
  if (from % width === 0 && to % width === 0) return [from, to];
  if (!isAllThereIs) return null;
  return [Math.ceil(from / width) * width, Math.floor(to / width) * width];
}

/** The hour table has every series, and the minute table only those that are dense enough. */
export function seriesIn({ file, ofRows, series }: OpenFile, table: RollupTable): WantedSeries[] {
  if (table === 'rollup_1h') return series;
  const from = ofRows ? `${table} WHERE` : `bucket WHERE width = ${rollups[table]} AND`;
  const has = columnStatement<number, [series: number]>(file, `SELECT 1 FROM ${from} series = ? LIMIT 1`);
  return series.filter(({ local }) => has.get(local) !== undefined);
}

/** The aggregates of one series and day. */
export function rollupSource(
  rollup: OpenFile,
  table: RollupTable,
  series: WantedSeries,
  [from, to]: [number, number],
  everyMs: number,
  order: Order,
  damaged: TellDamaged,
): Source<BucketPart> {
  if (rollup.ofRows) return rowRollupSource(rollup, table, series, [from, to], everyMs, order);
  const select = tupleStatement<PackedBuckets, [width: number, series: number]>(
    rollup.file,
    `SELECT ${bucketColumns} FROM bucket WHERE width = ? AND series = ? ORDER BY t0 ${order}`,
  );
  let rows: PackedBuckets[] | null = null;
  return portioned<BucketPart>(() => {
    try {
      rows ??= select.all(rollups[table], series.local).reverse();
    } catch (error) {
      if (!isDamage(error)) throw error;
      damaged(series, from, to - 1);
      rows = [];
    }
    const row = rows.pop();
    if (row === undefined) return null;
    clearBuckets(buckets);
    try {
      unpackBuckets(row, buckets);
    } catch (error) {
      if (!(error instanceof DamagedChunkError)) throw error;
      damaged(series, row[1], row[1] + row[3] * rollups[table]);
    }
    return partsOf(within(buckets, from, to), series, everyMs, order);
  });
}

/** The buckets that start in [from, to). */
function within(buckets: Buckets, from: number, to: number): Buckets {
  let [low, high] = [0, buckets.count];
  while (low < high && buckets.ts[low] < from) low++;
  while (high > low && buckets.ts[high - 1] >= to) high--;
  const cut = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => column.subarray(low, high);
  const { texts } = buckets;
  return {
    count: high - low,
    texts,
    ts: cut(buckets.ts),
    readings: cut(buckets.readings),
    firstAt: cut(buckets.firstAt),
    lastAt: cut(buckets.lastAt),
    first: cut(buckets.first),
    last: cut(buckets.last),
    min: cut(buckets.min),
    max: cut(buckets.max),
    sum: cut(buckets.sum),
    lost: cut(buckets.lost),
  };
}

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

/** Aggregates of Tidegate 0.1. A day has up to 1,440 of a series. */
function rowRollupSource(
  { file }: OpenFile,
  table: RollupTable,
  { local, id, kind }: WantedSeries,
  [from, to]: [number, number],
  everyMs: number,
  order: Order,
): Source<BucketPart> {
  const select = tupleStatement<StoredBucket, [series: number, from: number, to: number]>(
    file,
    `SELECT ts, count, min, max, sum, first, last, ts + first_after, ts + last_after FROM ${table} WHERE series = ? AND ts >= ? AND ts < ? ORDER BY ts ${order}`,
  );
  const parts = select.all(local, from, to).map(([ts, count, min, max, sum, first, last, firstAt, lastAt]) => ({
    series: id,
    ts: Math.floor(ts / everyMs) * everyMs,
    count,
    min,
    max,
    sum,
    first: scalarOf(kind, first),
    last: scalarOf(kind, last),
    firstAt,
    lastAt,
  }));
  return listSource(parts, 0, parts.length);
}
