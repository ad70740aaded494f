import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import { type Clock, clockStepBackMaxMs } from '../process/clock.js';
import { type ClockGuard, createClockGuard } from './clockGuard.js';
import { ClockJury, type Voter } from './clockJury.js';

const advice = 'nothing is removed for its age until someone confirms the clock: tidegate confirm-clock';
const distrustAdvice =
  'devices are refused, and keep their readings. Set the clock of this machine; if it is right, confirm it: tidegate confirm-clock';

export interface ClockWatchOptions {
  clock: Clock;
  log: Logger;
  /** When the gateway was built and started, Unix ms. */
  builtAt: number;
  startedAt: number;
  /** Ms, never stepping. */
  monotonic(): number;
  /** The clock is right once this file exists; undefined: there is no such file. */
  synchronizedFile: string | undefined;
}

/** What the store knew of the clock when it was opened, and how it keeps what was found out. */
export interface ClockMemory {
  newestCommitAt: number;
  paused: string | null;
  pause(why: string): Promise<void>;
  /** By how many ms the clock had stepped ahead since it was confirmed. */
  steppedAheadMs: number;
  stepped(aheadMs: number): Promise<void>;
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
  /** A frame of the device was taken in; `agrees`: with a time of its own close to the clock. */
  heard(device: Voter, agrees: boolean): void;
  /** Whether a frame that is so far ahead cannot be taken because the clock may be wrong, and not the device. */
  isClockAtFault(device: Voter, aheadMs: number): boolean;
  /** A commit was made by this clock. */
  committed(at: number): void;
  /** An operator confirmed the clock. */
  confirm(now: number): void;
  /** Why nothing is removed for its age; null if it is. */
  retentionPaused(): string | null;
  /** Unix ms; 0 if nothing was ever committed. */
  newestCommitAt(): number;
}

export function createClockWatch(options: ClockWatchOptions): ClockWatch {
  const { clock, log, builtAt, startedAt, monotonic, synchronizedFile } = options;
  let guard: ClockGuard | null = null;
  let jury = new ClockJury(monotonic, false);
  /** Whether the system or an operator says that the clock is right. */
  let synchronized = synchronizedFile === undefined;
  let wasTrusted = true;

  /** Why no frame may be stored now; null if frames may be. */
  function whyUntrusted(now: number): string | null {
    if (guard === null) return 'the store is not open yet';
    if (!synchronized) return `${synchronizedFile} does not exist: the system has not synchronised its clock yet`;
    if (!guard.trusts(now)) return 'the clock is earlier than the newest data, or than this version of Tidegate';
    const behindMs = jury.behindMs();
    return behindMs === null ? null : `devices agree that it is ${(behindMs / 60_000).toFixed(0)} minutes later`;
  }

  function tick(): void {
    if (guard === null) return;
    const wasPaused = guard.retentionPaused() !== null;
    const now = clock.now();
    if (Math.abs(guard.tick(now, monotonic())) > clockStepBackMaxMs) jury.stepped();
    if (!wasPaused && guard.retentionPaused() !== null) log.warn({ why: guard.retentionPaused() }, advice);
    if (!synchronized && synchronizedFile !== undefined) synchronized = existsSync(synchronizedFile);
    const why = whyUntrusted(now);
    if (wasTrusted && why !== null) log.error({ why, now: new Date(now).toISOString() }, distrustAdvice);
    if (!wasTrusted && why === null) log.info('the clock is trusted again; devices are accepted');
    wasTrusted = why === null;
  }

  const stored = (what: Promise<void>): void =>
    void what.catch((error) => log.warn({ err: error }, 'what was found out about the clock was not stored'));

  return {
    begin({ newestCommitAt, paused, pause, steppedAheadMs, stepped }) {
      guard = createClockGuard({
        builtAt,
        startedAt,
        newestCommitAt,
        paused,
        pause: (why) => stored(pause(why)),
        steppedAheadMs,
        stepped: (aheadMs) => stored(stepped(aheadMs)),
      });
      jury = new ClockJury(monotonic, newestCommitAt > 0);
      if (guard.retentionPaused() !== null) log.warn({ why: guard.retentionPaused() }, advice);
      tick();
    },
    tick,
    retentionAllowed() {
      tick();
      return guard !== null && guard.retentionPaused() === null && whyUntrusted(clock.now()) === null;
    },
    trusts: (now) => whyUntrusted(now) === null,
    heard: (device, agrees) => jury.heard(device, agrees),
    isClockAtFault: (device, aheadMs) => jury.isClockAtFault(device, aheadMs),
    committed: (at) => guard?.committed(at),
    confirm(now) {
      guard?.confirm(now);
      jury.confirm();
      synchronized = true;
    },
    retentionPaused: () => guard?.retentionPaused() ?? null,
    newestCommitAt: () => guard?.newestCommitAt() ?? 0,
  };
}
