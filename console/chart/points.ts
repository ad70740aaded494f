import type { BucketItem, ReadingItem } from '../../schemas/generated/operator.js';

/** What is drawn: x in seconds, a line, and where readings were gathered the band from their least to their greatest. */
export interface Points {
  x: number[];
  line: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

const numberOf = (value: unknown): number | null =>
  typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : null;

/** So many usual intervals without a reading are a gap. */
const gapIntervals = 3.5;

export function pointsOf(items: (ReadingItem | BucketItem)[], bucketMs: number | null): Points {
  const points: Points = { x: [], line: [], low: [], high: [] };
  const limit = bucketMs === null ? gapIntervals * usualInterval(items) : gapIntervals * bucketMs;
  let before = Number.NaN;
  for (const item of items) {
    // A gap is shown as one: the line ends and begins again.
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

/** The median time between readings; a device that sends whenever it likes has no gaps. */
function usualInterval(items: { ts: number }[]): number {
  if (items.length < 3) return Number.POSITIVE_INFINITY;
  const steps = items.slice(1).map(({ ts }, i) => ts - items[i].ts);
  return Math.max(1_000, steps.sort((a, b) => a - b)[steps.length >> 1]);
}

export interface Summary {
  least: number;
  greatest: number;
  mean: number;
  gaps: number;
}

/** What the picture says, in numbers; null where there is nothing. */
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

/** From the least to the greatest. */
export function spanOf(points: Points): number {
  const summary = summaryOf(points);
  return summary === null ? 0 : summary.greatest - summary.least;
}
