import type { OpenCommand } from './openCommands.js';

/** How a command ended. */
export type Ended = Pick<OpenCommand, 'state' | 'result' | 'error'>;

/** What came of waiting for the end of a command. */
export type Waited =
  /** It has ended while someone waited, and that is on disk. */
  | ({ outcome: 'ended' } & Ended)
  /** It is still open: the time to wait was over first. */
  | { outcome: 'open' }
  /** There was nothing to wait for: it had ended before, or was never created. */
  | { outcome: 'ended_before' };

/** Requests that wait for the end of a command. */
export interface Waiters {
  /** Resolves when the command is woken, or after `ms`. Without `ms` it waits until it is woken. */
  until(id: string, ms?: number): Promise<Exclude<Waited, { outcome: 'ended_before' }>>;
  /** The end of the command is on disk: wakes everyone who waits for it. */
  wake(command: OpenCommand): void;
}

type Resolve = (waited: Exclude<Waited, { outcome: 'ended_before' }>) => void;

export function createWaiters(schedule: (delayMs: number, run: () => void) => void): Waiters {
  const waiting = new Map<string, Set<Resolve>>();

  function remove(id: string, resolve: Resolve): void {
    const resolves = waiting.get(id);
    resolves?.delete(resolve);
    if (resolves?.size === 0) waiting.delete(id);
  }

  return {
    until(id, ms = Number.POSITIVE_INFINITY) {
      return new Promise((resolve) => {
        const resolves = waiting.get(id) ?? new Set();
        waiting.set(id, resolves.add(resolve));
        if (ms === Number.POSITIVE_INFINITY) return;
        schedule(ms, () => {
          remove(id, resolve);
          resolve({ outcome: 'open' });
        });
      });
    },

    wake({ id, state, result, error }) {
      for (const resolve of waiting.get(id) ?? []) resolve({ outcome: 'ended', state, result, error });
      waiting.delete(id);
    },
  };
}
