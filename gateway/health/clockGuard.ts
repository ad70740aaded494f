/** Small steps back happen to clocks that are kept in time; readings are refused by five minutes at the earliest. */
const stepBackMaxMs = 60_000;
/** A clock that jumps further ahead than this while the gateway runs is not believed when it comes to removing data. */
const stepAheadMaxMs = 86_400_000;
/** Nor is one that has jumped further than this since the newest commit, when the gateway starts. */
const silenceMaxMs = 7 * 86_400_000;

export type ClockGuard = ReturnType<typeof createClockGuard>;

/**
 * Whether the clock can be believed. A clock that shows a time before the gateway was built, or before its newest commit,
 * would refuse good readings as being from the future: while it does, the gateway takes none (DESIGN section 3,
 * clock_untrusted). A clock that stepped ahead would remove good data as too old: retention waits until someone has confirmed it.
 */
export function createClockGuard(options: {
  builtAt: number;
  newestCommitAt: number;
  startedAt: number;
  /** Why retention was paused when the gateway ended: commits made by a wrong clock do not make it right. */
  paused: string | null;
  /** To be kept until the clock is confirmed. */
  pause(why: string): void;
}) {
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
    trusts: (now: number): boolean => now >= builtAt && now >= newest - stepBackMaxMs,
    committed(at: number): void {
      if (at > newest) newest = at;
    },
    /** Now and then, and before anything is removed for its age: both clocks, in ms. True when a step was found. */
    tick(now: number, monotonic: number): boolean {
      const step = lastTick === null ? 0 : now - lastAt - (monotonic - lastTick);
      lastAt = now;
      lastTick = monotonic;
      if (step <= stepAheadMaxMs || paused !== null) return false;
      pauseFor(`the clock stepped ahead by ${days(step)} days`);
      return true;
    },
    /** Why nothing is removed for its age; null: it is. */
    retentionPaused: (): string | null => paused,
    /** Someone says that the clock is right. */
    confirm(now: number): void {
      newest = now;
      paused = null;
    },
    newestCommitAt: (): number => newest,
  };
}

const days = (ms: number): string => (ms / 86_400_000).toFixed(1);
