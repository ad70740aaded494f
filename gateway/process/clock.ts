/** Time as a parameter: tests bring their own. */
export interface Clock {
  /** Unix ms, a whole number. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
