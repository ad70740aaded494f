/** Time as a parameter: tests bring their own. */
export interface Timing {
  /** Unix ms by the device's own clock. */
  now(): number;
  /** Ms since some moment; never runs back. */
  elapsedMs(): number;
  /** Does the work once, later. Returns its cancel. */
  after(delayMs: number, work: () => void): () => void;
}

export const systemTiming: Timing = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
