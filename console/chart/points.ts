import type { BucketItem, ReadingItem } from '../../schemas/generated/operator.js';

/** What is drawn: times in Unix seconds, a line, and for buckets the band from their least to their greatest value. null is a gap. */
export interface Points {
  x: number[];
  line: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

export const noPoints: Points = { x: [], line: [], low: [], high: [] };

/** A pause is a gap if it is longer than this many usual intervals. */
export const gapIntervals = 3.5;
/** Nine of ten intervals are as long as the usual one, or shorter. */
const usualShare = 0.9;

/**
 * A pause between two readings that is longer than this is a gap, ms. Infinite for fewer than three readings, so that they have no
 * gap. What is read in buckets cannot have gaps shorter than a few of them.
 */
export function gapLimit(items: { ts: number }[], bucketMs: number | null): number {
  if (items.length < 3) return Number.POSITIVE_INFINITY;
  const steps = items.slice(1).map(({ ts }, i) => ts - items[i].ts);
  const usual = steps.sort((a, b) => a - b)[Math.floor(usualShare * (steps.length - 1))];
  return gapIntervals * Math.max(1_000, bucketMs ?? 0, usual);
}

/** Points from readings (`bucketMs` null) or from buckets of this width. What is no number is left out. */
export function pointsOf(items: (ReadingItem | BucketItem)[], bucketMs: number | null): Points {
  const points: Points = { x: [], line: [], low: [], high: [] };
  const limit = gapLimit(items, bucketMs);
  let before = Number.NaN;
  for (const item of items) {
    // In a gap the line ends, and begins again after it.
    if (item.ts - before > limit) put(points, (before + item.ts) / 2, null, null, null);
    before = item.ts;
    if ('count' in item) put(points, item.ts, item.avg ?? numberOf(item.last), item.min ?? null, item.max ?? null);
    else put(points, item.ts, numberOf(item.value), null, null);
  }
  return points;
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function put(
  { x, line, low, high }: Points,
  ts: number,
  value: number | null,
  min: number | null,
  max: number | null,
): void {
  x.push(ts / 1000);
  line.push(value);
  low.push(min);
  high.push(max);
}

/** The drawn points in numbers. */
export interface Summary {
  least: number;
  greatest: number;
  /** The mean of the line, so for buckets the mean of their means. */
  mean: number;
  /** How many gaps the line has. */
  gaps: number;
}

/** The points of the line within a range, Unix ms, in numbers; null if there is none. */
export function summaryOf({ x, line, low, high }: Points, { from, to }: { from: number; to: number }): Summary | null {
  const summary = { least: Number.POSITIVE_INFINITY, greatest: Number.NEGATIVE_INFINITY, mean: 0, gaps: 0 };
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    if (x[i] * 1000 < from || x[i] * 1000 > to) continue;
    const value = line[i];
    if (value === null) {
      summary.gaps++;
      continue;
    }
    count++;
    summary.mean += (value - summary.mean) / count;
    summary.least = Math.min(summary.least, low[i] ?? value);
    summary.greatest = Math.max(summary.greatest, high[i] ?? value);
  }
  return count === 0 ? null : summary;
}

/** The value of the point that is nearest to a time, Unix ms; null if there is none, or if the time is in a gap. */
export function valueAt({ x, line }: Points, ts: number): number | null {
  const seconds = ts / 1000;
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < seconds) low = middle + 1;
    else high = middle;
  }
  const nearest = low > 0 && (low === x.length || seconds - x[low - 1] < x[low] - seconds) ? low - 1 : low;
  return line[nearest] ?? null;
}
