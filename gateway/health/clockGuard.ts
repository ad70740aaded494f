import { clockStepBackMaxMs } from '../process/clock.js';

/** A clock that steps further ahead than this, in one step or in several, is not believed when it comes to removing data. */
const stepAheadMaxMs = 86_400_000;
/** Nor is one that has jumped further than this since the newest commit, when the gateway starts. */
const silenceMaxMs = 7 * 86_400_000;
/** Steps that have come to this much are stored, so that they add up over restarts too. */
const storedStepMs = 60_000;

export interface ClockGuard {
  /** Whether frames may be stored with this time of receipt, Unix ms. */
  trusts(now: number): boolean;
  /** A commit was made at this time by the same clock. */
  committed(at: number): void;
  /**
   * Compares both clocks, in ms, regularly and before anything is removed for its age. Returns by how much the clock has stepped
   * since the last time.
   */
  tick(now: number, monotonic: number): number;
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
 * that stepped ahead would remove good data as too old, so retention waits until an operator has confirmed the clock. Steps add up
 * until then, also over restarts: 36 steps of 23 hours are as wrong as one of 34 days.
 */
export function createClockGuard(options: {
  builtAt: number;
  newestCommitAt: number;
  startedAt: number;
  /** Why retention was paused when the gateway ended. Commits made by a wrong clock do not make the clock right. */
  paused: string | null;
  /** Stores why retention is paused, until the clock is confirmed. */
  pause(why: string): void;
  /** By how many ms the clock had stepped ahead when the gateway ended. */
  steppedAheadMs: number;
  /** Stores by how many ms the clock has stepped ahead since it was confirmed. */
  stepped(aheadMs: number): void;
}): ClockGuard {
  const { builtAt, startedAt } = options;
  let newest = options.newestCommitAt;
  let { paused } = options;
  /** The clock without the steady clock: it changes only if the clock steps. */
  let offset: number | null = null;
  /** The lowest offset since the clock was confirmed. What the clock is above it is the sum of its steps ahead. */
  let lowest = 0;
  let storedMs = options.steppedAheadMs;
  if (paused === null && newest > 0 && startedAt - newest > silenceMaxMs)
    pauseFor(`the clock is ${days(startedAt - newest)} days ahead of the newest commit`);

  function pauseFor(why: string): void {
    paused = why;
    options.pause(why);
  }

  return {
    trusts: (now) => now >= builtAt && now >= newest - clockStepBackMaxMs,
    committed(at) {
      if (at > newest) newest = at;
    },
    tick(now, monotonic) {
      const before = offset ?? now - monotonic;
      if (offset === null) lowest = before - storedMs;
      offset = now - monotonic;
      lowest = Math.min(lowest, offset);
      const ahead = offset - lowest;
      if (Math.abs(ahead - storedMs) >= storedStepMs) {
        storedMs = ahead;
        options.stepped(ahead);
      }
      if (ahead > stepAheadMaxMs && paused === null) pauseFor(`the clock stepped ahead by ${days(ahead)} days`);
      return offset - before;
    },
    retentionPaused: () => paused,
    confirm(now) {
      newest = now;
      paused = null;
      offset = null;
      storedMs = 0;
    },
    newestCommitAt: () => newest,
  };
}

const days = (ms: number): string => (ms / 86_400_000).toFixed(1);
