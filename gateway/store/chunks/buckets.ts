import { grown } from '../../columns/growable.js';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import type { SeriesReadings } from './chunk.js';

/**
 * Aggregates of one series per span of time, in order, as columns. Numbers have all columns; a boolean (0, 1) has no min, max and sum;
 * the first and last string of a bucket are in `texts`, and `first` and `last` are their indexes.
 */
export interface Buckets {
  count: number;
  /** The start of the bucket, Unix ms. */
  ts: Float64Array<ArrayBuffer>;
  /** The number of readings. */
  readings: Float64Array<ArrayBuffer>;
  /** The times of the first and last reading, Unix ms. */
  firstAt: Float64Array<ArrayBuffer>;
  lastAt: Float64Array<ArrayBuffer>;
  first: Float64Array<ArrayBuffer>;
  last: Float64Array<ArrayBuffer>;
  min: Float64Array<ArrayBuffer>;
  max: Float64Array<ArrayBuffer>;
  sum: Float64Array<ArrayBuffer>;
  /** What rounding loses in `sum` (Neumaier). */
  lost: Float64Array<ArrayBuffer>;
  texts: string[];
}

const columns = ['ts', 'readings', 'firstAt', 'lastAt', 'first', 'last', 'min', 'max', 'sum', 'lost'] as const;

export function createBuckets(size: number): Buckets {
  const column = (): Float64Array<ArrayBuffer> => new Float64Array(size);
  return {
    count: 0,
    ts: column(),
    readings: column(),
    firstAt: column(),
    lastAt: column(),
    first: column(),
    last: column(),
    min: column(),
    max: column(),
    sum: column(),
    lost: column(),
    texts: [],
  };
}

export function clearBuckets(buckets: Buckets): void {
  buckets.count = 0;
  buckets.texts.length = 0;
}

export function reserveBuckets(buckets: Buckets, more: number): void {
  if (buckets.count + more <= buckets.ts.length) return;
  for (const column of columns) buckets[column] = grown(buckets[column], buckets.count + more);
}

/**
 * Adds readings [from, to) of a series, which are in order of time and behind those that were added before. `width` is the width of a
 * bucket in ms.
 */
export function addReadings(
  buckets: Buckets,
  kind: SeriesKind,
  width: number,
  readings: SeriesReadings,
  from: number,
  to: number,
): void {
  const { ts, value, texts } = readings;
  for (let i = from; i < to; ) {
    const start = Math.floor(ts[i] / width) * width;
    const end = start + width;
    let next = i + 1;
    while (next < to && ts[next] < end) next++;
    const b = openBucket(buckets, start, ts[i]);
    if (kind === seriesKinds.string) {
      if (buckets.readings[b] === 0) buckets.first[b] = buckets.texts.push(texts[i]) - 1;
      buckets.last[b] = buckets.texts.push(texts[next - 1]) - 1;
    } else {
      if (buckets.readings[b] === 0) buckets.first[b] = value[i];
      buckets.last[b] = value[next - 1];
      if (kind === seriesKinds.number) sumUp(buckets, b, value, i, next);
    }
    buckets.readings[b] += next - i;
    buckets.lastAt[b] = ts[next - 1];
    i = next;
  }
}

/** The bucket that starts at that time: the last one, or a new one. */
function openBucket(buckets: Buckets, start: number, firstAt: number): number {
  const last = buckets.count - 1;
  if (last >= 0 && buckets.ts[last] === start) return last;
  reserveBuckets(buckets, 1);
  const b = buckets.count++;
  buckets.ts[b] = start;
  buckets.firstAt[b] = firstAt;
  buckets.readings[b] = buckets.sum[b] = buckets.lost[b] = 0;
  buckets.min[b] = Number.POSITIVE_INFINITY;
  buckets.max[b] = Number.NEGATIVE_INFINITY;
  return b;
}

function sumUp(buckets: Buckets, b: number, value: Float64Array, from: number, to: number): void {
  let { [b]: min } = buckets.min;
  let { [b]: max } = buckets.max;
  let { [b]: sum } = buckets.sum;
  let { [b]: lost } = buckets.lost;
  for (let i = from; i < to; i++) {
    const x = value[i];
    if (x < min) min = x;
    if (x > max) max = x;
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  buckets.min[b] = min;
  buckets.max[b] = max;
  buckets.sum[b] = sum;
  buckets.lost[b] = lost;
}

/** The sum of a bucket's values. Infinite if it is beyond the largest number. */
export function sumAt({ sum, lost }: Buckets, b: number): number {
  return Number.isFinite(lost[b]) ? sum[b] + lost[b] : sum[b];
}
