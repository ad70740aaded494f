/** Time as a parameter: tests bring their own. */
export interface Timing {
  /** Unix ms by the device's own clock, right or wrong. */
  now(): number;
  /** Ms since some moment; never runs back. */
  elapsedMs(): number;
  /** Does the work once, later. Returns its cancel. */
  after(delayMs: number, work: () => void): () => void;
}

/** As browsers and Node have it; the types of neither are needed for it. */
export const systemTiming: Timing = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
