/**
 * A histogram of times with 128 buckets per power of two, so a percentile is off by less than 1 %. Histograms can be added over
 * processes, and subtracted to get what came since an earlier one.
 */
export type Latencies = Uint32Array;

const stepBits = 7;
const steps = 2 ** stepBits;
/** Up to 2^32 µs, about 71 minutes. */
const buckets = (32 - stepBits) * steps + steps;

/** An empty histogram. */
export const createLatencies = (): Latencies => new Uint32Array(buckets);

/** Counts one time. */
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

/** A percentile, in ms with one decimal; 0 if nothing was recorded. */
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

/** The sum of several histograms. */
export function sumOf(all: readonly Latencies[]): Latencies {
  const sum = createLatencies();
  for (const latencies of all) for (let i = 0; i < buckets; i++) sum[i] += latencies[i];
  return sum;
}

/** What was recorded since `before`, an earlier copy of the same histogram. */
export function since(now: Latencies, before: Latencies): Latencies {
  return now.map((count, i) => count - before[i]);
}
