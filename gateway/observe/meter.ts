import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export interface Meter {
  /** Records the time from the receipt of the oldest frame of a commit to its ack, in ms. */
  acked(latencyMs: number): void;
  /** To be called about once a second, with the counters since the start and the ms since the last call. */
  tick(frames: number, readings: number, elapsedMs: number): void;
  /** Rates of the last second, and latencies of the last 5 to 10 s in ms; 0 if there were no acks. */
  read(): { framesPerSecond: number; readingsPerSecond: number; ackP50Ms: number; ackP99Ms: number };
}

/** Ack latency percentiles and rates over the last few seconds. `now` in monotonic ms. */
export function createMeter(now: () => number): Meter {
  const spanMs = 5_000;
  let present = createHistogram();
  let past: RecordableHistogram = createHistogram();
  let turnedAt = now();
  let framesBefore = 0;
  let readingsBefore = 0;
  let rates = { framesPerSecond: 0, readingsPerSecond: 0 };

  return {
    acked(latencyMs) {
      present.record(Math.max(1, Math.round(latencyMs * 1000)));
    },

    tick(frames, readings, elapsedMs) {
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

    read() {
      const both = createHistogram();
      both.add(past);
      both.add(present);
      const ms = (percent: number): number => (both.count === 0 ? 0 : both.percentile(percent) / 1000);
      return { ...rates, ackP50Ms: ms(50), ackP99Ms: ms(99) };
    },
  };
}
