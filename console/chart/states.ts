import { readingText } from '../../schemas/display/values.js';
import type { BucketItem, ReadingItem } from '../../schemas/generated/operator.js';
import { gapIntervals, gapLimit } from './points.js';

/** A time during which a metric had one value, Unix ms. */
export interface StateRun {
  from: number;
  to: number;
  value: string;
}

/** How long a value was there in the whole range, ms, and how many runs it had. */
export interface StateShare {
  value: string;
  ms: number;
  runs: number;
}

/**
 * The runs of a metric from its readings, or from its buckets, of which only the first and the last value are known: if they differ,
 * each is drawn for half of the bucket. A value holds until the next one, but not over a gap; the last one holds until `end`. Runs
 * are cut to the range.
 */
export function runsOf(
  items: (ReadingItem | BucketItem)[],
  bucketMs: number | null,
  range: { from: number; to: number },
  end: number,
): StateRun[] {
  const limit = gapLimit(items, bucketMs);
  const runs: StateRun[] = [];
  const add = (from: number, to: number, value: string): void => {
    const [start, stop] = [Math.max(from, range.from), Math.min(to, range.to)];
    if (start >= stop) return;
    const before = runs.at(-1);
    if (before !== undefined && before.value === value && before.to === start) before.to = stop;
    else runs.push({ from: start, to: stop, value });
  };
  items.forEach((item, i) => {
    const next = items[i + 1]?.ts ?? Math.max(end, item.ts);
    // At a gap the value ends with its last reading; one usual interval stays, or it could not be seen.
    const to = next - item.ts > limit ? item.ts + limit / gapIntervals : next;
    if (!('count' in item)) return add(item.ts, to, readingText(item.value, null));
    const middle = item.first === item.last ? to : Math.min(to, item.ts + (bucketMs ?? 0) / 2);
    add(item.ts, middle, readingText(item.first, null));
    add(middle, to, readingText(item.last, null));
  });
  return runs;
}

/** The values of the runs with their times, the longest first. */
export function sharesOf(runs: StateRun[]): StateShare[] {
  const shares = new Map<string, StateShare>();
  for (const { from, to, value } of runs) {
    const share = shares.get(value) ?? { value, ms: 0, runs: 0 };
    shares.set(value, { value, ms: share.ms + to - from, runs: share.runs + 1 });
  }
  return [...shares.values()].sort((a, b) => b.ms - a.ms);
}

/** The run at a time; null if there is none, because the time is in a gap. */
export function runAt(runs: StateRun[], ts: number): StateRun | null {
  return runs.find(({ from, to }) => from <= ts && ts < to) ?? null;
}

/**
 * A colour number from 0 to `colours` - 1 per value. It comes from the text, so that a value keeps its colour when the range moves;
 * if two values meet, the later one in the alphabet takes the next free number.
 */
export function coloursOf(values: Iterable<string>, colours: number): Map<string, number> {
  const taken = new Set<number>();
  const found = new Map<string, number>();
  for (const value of [...new Set(values)].sort()) {
    let colour = hash(value) % colours;
    while (taken.size < colours && taken.has(colour)) colour = (colour + 1) % colours;
    taken.add(colour);
    found.set(value, colour);
  }
  return found;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum >>> 0;
}
