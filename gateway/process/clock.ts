/**
 * process/ holds what any program needs of its surroundings: time as a parameter, the version, an error with an exit code.
 * Nothing here is about telemetry.
 */

/** Time as a parameter: tests bring their own. */
export interface Clock {
  /** Unix ms, a whole number. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
