import type { Logger } from 'pino';
import type { Clock } from '../process/clock.js';
import { type ClockGuard, createClockGuard } from './clockGuard.js';

const advice = 'nothing is removed for its age until someone confirms the clock: tidegate confirm-clock';

export interface ClockWatchOptions {
  clock: Clock;
  log: Logger;
  /** When the gateway was built and started, Unix ms. */
  builtAt: number;
  startedAt: number;
  /** Ms, never stepping. */
  monotonic(): number;
}

/** What the store knew of the clock when it was opened, and how it keeps why retention is paused. */
export interface ClockMemory {
  newestCommitAt: number;
  paused: string | null;
  pause(why: string): Promise<void>;
}

/** Looks at the clock regularly, and before anything is removed for its age. */
export interface ClockWatch {
  /** To be called when the store is open. Until then no clock is trusted, and nothing is removed. */
  begin(memory: ClockMemory): void;
  /** Compares both clocks. To be called about once a second. */
  tick(): void;
  /** Whether readings may be removed for their age now. */
  retentionAllowed(): boolean;
  /** Whether frames may be stored with this time of receipt, Unix ms. */
  trusts(now: number): boolean;
  /** A commit was made by this clock. */
  committed(at: number): void;
  /** An operator confirmed the clock. */
  confirm(now: number): void;
  /** Why nothing is removed for its age; null if it is. */
  retentionPaused(): string | null;
  /** Unix ms; 0 if nothing was ever committed. */
  newestCommitAt(): number;
}

export function createClockWatch({ clock, log, builtAt, startedAt, monotonic }: ClockWatchOptions): ClockWatch {
  let guard: ClockGuard | null = null;

  function tick(): void {
    if (guard?.tick(clock.now(), monotonic())) log.warn({ why: guard.retentionPaused() }, advice);
  }

  return {
    begin({ newestCommitAt, paused, pause }) {
      guard = createClockGuard({
        builtAt,
        startedAt,
        newestCommitAt,
        paused,
        pause: (why) =>
          void pause(why).catch((error) => log.warn({ err: error }, 'the pause of retention was not stored')),
      });
      if (guard.retentionPaused() !== null) log.warn({ why: guard.retentionPaused() }, advice);
    },
    tick,
    retentionAllowed() {
      tick();
      return guard !== null && guard.retentionPaused() === null && guard.trusts(clock.now());
    },
    trusts: (now) => guard?.trusts(now) ?? false,
    committed: (at) => guard?.committed(at),
    confirm: (now) => guard?.confirm(now),
    retentionPaused: () => guard?.retentionPaused() ?? null,
    newestCommitAt: () => guard?.newestCommitAt() ?? 0,
  };
}
