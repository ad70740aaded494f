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

/** Small steps back happen to clocks that are kept in time; readings are refused by five minutes at the earliest. */
export const clockStepBackMaxMs = 60_000;

/**
 * The later of two marks of time. A mark beyond `limit`, the latest time that there can be, was set by a clock that was wrong, and
 * gives way. All are Unix ms.
 */
export function laterOf(known: number, at: number, limit: number): number {
  if (at > limit) return known;
  return known > limit ? at : Math.max(known, at);
}
