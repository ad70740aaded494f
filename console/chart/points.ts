import type { BucketItem, ReadingItem } from '../../schemas/generated/operator.js';

/** What is drawn: times in Unix seconds, a line, and for buckets the band from their least to their greatest value. null is a gap. */
export interface Points {
  x: number[];
  line: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

const numberOf = (value: unknown): number | null =>
  typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : null;

/** After this many usual intervals without a reading there is a gap in the line. */
const gapIntervals = 3.5;

/** Points from readings (`bucketMs` null) or from buckets of this width. Booleans are drawn as 0 and 1. */
export function pointsOf(items: (ReadingItem | BucketItem)[], bucketMs: number | null): Points {
  const points: Points = { x: [], line: [], low: [], high: [] };
  const limit = bucketMs === null ? gapIntervals * usualInterval(items) : gapIntervals * bucketMs;
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

/** The median time between readings, at least 1 s; infinite for fewer than three readings, so that they have no gap. */
function usualInterval(items: { ts: number }[]): number {
  if (items.length < 3) return Number.POSITIVE_INFINITY;
  const steps = items.slice(1).map(({ ts }, i) => ts - items[i].ts);
  return Math.max(1_000, steps.sort((a, b) => a - b)[steps.length >> 1]);
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

/** The drawn points in numbers; null if there is no point. */
export function summaryOf({ line, low, high }: Points): Summary | null {
  const values = line.filter((value) => value !== null);
  if (values.length === 0) return null;
  const all = (those: (number | null)[]): number[] => those.filter((value) => value !== null);
  return {
    least: [...all(low), ...values].reduce((a, b) => Math.min(a, b)),
    greatest: [...all(high), ...values].reduce((a, b) => Math.max(a, b)),
    mean: values.reduce((a, b) => a + b) / values.length,
    gaps: line.length - values.length,
  };
}

/** The difference of the greatest and the least value; 0 if there is no point. */
export function spanOf(points: Points): number {
  const summary = summaryOf(points);
  return summary === null ? 0 : summary.greatest - summary.least;
}
