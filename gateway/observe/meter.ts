import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Ack latency percentiles and rates over the last few seconds. */
export function createMeter(now: () => number) {
  const spanMs = 5_000;
  let present = createHistogram();
  let past: RecordableHistogram = createHistogram();
  let turnedAt = now();
  let framesBefore = 0;
  let readingsBefore = 0;
  let rates = { framesPerSecond: 0, readingsPerSecond: 0 };

  return {
    /** From the receipt of the oldest frame of a commit to its ack. */
    acked(latencyMs: number): void {
      present.record(Math.max(1, Math.round(latencyMs * 1000)));
    },

    /** To be called about once a second, with the counters since the start. */
    tick(frames: number, readings: number, elapsedMs: number): void {
      const perSecond = (count: number): number => Math.round((count * 1000) / elapsedMs);
      rates = {
        framesPerSecond: perSecond(frames - framesBefore),
        readingsPerSecond: perSecond(readings - readingsBefore),
      };
      framesBefore = frames;
      readingsBefore = readings;
      if (now() - turnedAt < spanMs) return;
      past = present;
      present = createHistogram();
      turnedAt = now();
    },

    read(): { framesPerSecond: number; readingsPerSecond: number; ackP50Ms: number; ackP99Ms: number } {
      const both = createHistogram();
      both.add(past);
      both.add(present);
      const ms = (percent: number): number => (both.count === 0 ? 0 : both.percentile(percent) / 1000);
      return { ...rates, ackP50Ms: ms(50), ackP99Ms: ms(99) };
    },
  };
}
