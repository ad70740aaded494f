import type { Source } from './source.js';

/** By metric, the times that a frame's ages become by its receipt. */
export type Ages = ReadonlyMap<string, readonly number[]>;

/** Per metric, the times that ages became lately are remembered in ascending order: those within 10 s of the newest, at most 256. */
const windowMs = 10_000;
const keptMax = 256;
/** How many times are looked up for one frame; that takes some tenths of a millisecond. */
const looksMax = 20_000;

/**
 * Returns by how many ms, at most `delayMax`, a frame must count as received later, so that each of its ages becomes a different
 * time. Two frames of a device without a clock may have different network delays, and the difference may equal the time between
 * their samples. Then both readings would have the same millisecond, and one of them would be dropped as a repeat although it was
 * acknowledged (PROTOCOL.md, Identity and time). Returns 0 if no delay within the bounds helps: then the reading is dropped.
 */
export function keepApart({ given }: Source, ages: Ages, delayMax: number): number {
  const delay = delayOf(given, ages, delayMax);
  for (const [metric, times] of ages) {
    const known = given.get(metric) ?? [];
    remember(known, times, delay);
    given.set(metric, known);
  }
  return delay;
}

function delayOf(given: ReadonlyMap<string, readonly number[]>, ages: Ages, delayMax: number): number {
  let looks = looksMax;
  const meets = (delay: number): boolean => {
    for (const [metric, times] of ages) {
      const known = given.get(metric) ?? [];
      const newest = known.at(-1) ?? 0;
      for (const ts of times) if (ts + delay <= newest && (--looks < 0 || has(known, ts + delay))) return true;
    }
    return false;
  };
  for (let delay = 0; delay <= delayMax && looks >= 0; delay++) if (!meets(delay)) return delay;
  return 0;
}

function has(ascending: readonly number[], time: number): boolean {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < time) low = middle + 1;
    else high = middle;
  }
  return ascending[low] === time;
}

function remember(known: number[], fresh: readonly number[], delay: number): void {
  let inOrder = true;
  for (const ts of fresh.slice(-keptMax)) {
    inOrder &&= known.length === 0 || ts + delay > known[known.length - 1];
    known.push(ts + delay);
  }
  if (!inOrder) known.sort((a, b) => a - b);
  let from = Math.max(0, known.length - keptMax);
  while (known[from] <= known[known.length - 1] - windowMs) from++;
  if (from > 0) known.splice(0, from);
}
