/** Time as a parameter, so that tests need no waiting. */
export interface Timing {
  /** Unix ms by the device's own clock, which may be wrong or be set while the program runs. */
  now(): number;
  /** Milliseconds since some fixed moment. Never goes back: the steady clock of the device. */
  elapsedMs(): number;
  /** Runs the work once, after the delay. Returns a function that cancels it. */
  after(delayMs: number, work: () => void): () => void;
}

/** The clocks and timers of a browser or of Node. */
export const systemTiming: Timing = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
