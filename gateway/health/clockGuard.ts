/** Small steps back happen to clocks that are kept in time; readings are refused by five minutes at the earliest. */
const stepBackMaxMs = 60_000;
/** A clock that jumps further ahead than this while the gateway runs is not believed when it comes to removing data. */
const stepAheadMaxMs = 86_400_000;
/** Nor is one that has jumped further than this since the newest commit, when the gateway starts. */
const silenceMaxMs = 7 * 86_400_000;

export interface ClockGuard {
  /** Whether frames may be stored with this time of receipt, Unix ms. */
  trusts(now: number): boolean;
  /** A commit was made at this time by the same clock. */
  committed(at: number): void;
  /** Compares both clocks, in ms, regularly and before anything is removed for its age. True if a step was found. */
  tick(now: number, monotonic: number): boolean;
  /** Why nothing is removed for its age; null if it is. */
  retentionPaused(): string | null;
  /** An operator confirmed the clock. */
  confirm(now: number): void;
  /** Unix ms; 0 if nothing was ever committed. */
  newestCommitAt(): number;
}

/**
 * Whether the clock can be believed. A clock that shows a time before the gateway was built, or before its newest commit, would
 * refuse good readings as being from the future; as long as it does, the gateway accepts none (refusal `clock_untrusted`). A clock
 * that stepped ahead would remove good data as too old, so retention waits until an operator has confirmed the clock.
 */
export function createClockGuard(options: {
  builtAt: number;
  newestCommitAt: number;
  startedAt: number;
  /** Why retention was paused when the gateway ended. Commits made by a wrong clock do not make the clock right. */
  paused: string | null;
  /** Stores why retention is paused, until the clock is confirmed. */
  pause(why: string): void;
}): ClockGuard {
  const { builtAt, startedAt } = options;
  let newest = options.newestCommitAt;
  let { paused } = options;
  let lastAt = startedAt;
  let lastTick: number | null = null;
  if (paused === null && newest > 0 && startedAt - newest > silenceMaxMs)
    pauseFor(`the clock is ${days(startedAt - newest)} days ahead of the newest commit`);

  function pauseFor(why: string): void {
    paused = why;
    options.pause(why);
  }

  return {
    trusts: (now) => now >= builtAt && now >= newest - stepBackMaxMs,
    committed(at) {
      if (at > newest) newest = at;
    },
    tick(now, monotonic) {
      const step = lastTick === null ? 0 : now - lastAt - (monotonic - lastTick);
      lastAt = now;
      lastTick = monotonic;
      if (step <= stepAheadMaxMs || paused !== null) return false;
      pauseFor(`the clock stepped ahead by ${days(step)} days`);
      return true;
    },
    retentionPaused: () => paused,
    confirm(now) {
      newest = now;
      paused = null;
    },
    newestCommitAt: () => newest,
  };
}

const days = (ms: number): string => (ms / 86_400_000).toFixed(1);
