import type { OpenCommand } from './openCommands.js';

/** How a command ended; null: not yet. */
export type Ended = Pick<OpenCommand, 'state' | 'result' | 'error'> | null;

/** Those who wait for the end of a command. */
export function createWaiters(schedule: (delayMs: number, run: () => void) => void) {
  const waiting = new Map<string, Set<(ended: Ended) => void>>();

  function remove(id: string, resolve: (ended: Ended) => void): void {
    const some = waiting.get(id);
    some?.delete(resolve);
    if (some?.size === 0) waiting.delete(id);
  }

  return {
    /** Resolves when `id` is woken, or after so long. */
    until(id: string, ms = Number.POSITIVE_INFINITY): Promise<Ended> {
      return new Promise((resolve) => {
        const some = waiting.get(id) ?? new Set();
        waiting.set(id, some.add(resolve));
        if (ms === Number.POSITIVE_INFINITY) return;
        schedule(ms, () => {
          remove(id, resolve);
          resolve(null);
        });
      });
    },

    wake({ id, state, result, error }: OpenCommand): void {
      for (const resolve of waiting.get(id) ?? []) resolve({ state, result, error });
      waiting.delete(id);
    },
  };
}
