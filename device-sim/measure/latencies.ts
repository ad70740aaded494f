/**
 * Times in counted buckets, 128 for each power of two, so that a percentile is off by less than 1 %. Plain numbers: they can be
 * added up over processes, and subtracted to tell what came since.
 */
export type Latencies = Uint32Array;

const stepBits = 7;
const steps = 2 ** stepBits;
/** Up to 2^32 µs, a good hour. */
const buckets = (32 - stepBits) * steps + steps;

export const createLatencies = (): Latencies => new Uint32Array(buckets);

export function record(latencies: Latencies, ms: number): void {
  latencies[bucketOf(Math.min(2 ** 32 - 1, Math.max(0, Math.round(ms * 1000))))]++;
}

function bucketOf(microseconds: number): number {
  if (microseconds < 2 * steps) return microseconds;
  const shift = 31 - Math.clz32(microseconds) - stepBits;
  return shift * steps + (microseconds >>> shift);
}

/** The middle of a bucket, in ms. */
function middleOf(bucket: number): number {
  if (bucket < 2 * steps) return bucket / 1000;
  const shift = Math.floor(bucket / steps) - 1;
  return ((bucket - shift * steps + 0.5) * 2 ** shift) / 1000;
}

/** In ms with one decimal; 0 where nothing was recorded. */
export function percentileMs(latencies: Latencies, percent: number): number {
  const total = latencies.reduce((sum, count) => sum + count, 0);
  let left = Math.ceil((total * percent) / 100);
  if (total === 0) return 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    left -= latencies[bucket];
    if (left <= 0) return Math.round(middleOf(bucket) * 10) / 10;
  }
  return Math.round(middleOf(buckets - 1) * 10) / 10;
}

export function sumOf(all: readonly Latencies[]): Latencies {
  const sum = createLatencies();
  for (const latencies of all) for (let i = 0; i < buckets; i++) sum[i] += latencies[i];
  return sum;
}

/** What was recorded since `before`. */
export function since(now: Latencies, before: Latencies): Latencies {
  return now.map((count, i) => count - before[i]);
}
