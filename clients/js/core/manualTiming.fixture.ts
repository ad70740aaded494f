import type { Timing } from './timing.js';

/** A clock that moves only when a test moves it. */
export interface ManualTiming {
  timing: Timing;
  /** When the pending timers are due, in ms from now, ascending. */
  due(): number[];
  /** Moves the clock, and runs every timer that becomes due on the way, the earliest first. */
  advance(ms: number): void;
}

export function createManualTiming(startMs = 1_795_305_600_000): ManualTiming {
  let passedMs = 0;
  let timers: { at: number; work: () => void }[] = [];
  return {
    timing: {
      now: () => startMs + passedMs,
      elapsedMs: () => passedMs,
      after(delayMs, work) {
        const timer = { at: passedMs + delayMs, work };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    due: () => timers.map(({ at }) => at - passedMs).sort((a, b) => a - b),
    advance(ms) {
      const until = passedMs + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        passedMs = next.at;
        next.work();
      }
      passedMs = until;
    },
  };
}
