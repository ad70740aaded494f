/** Those who wait for the end of a command. */
export function createWaiters(schedule: (delayMs: number, run: () => void) => void) {
  const waiting = new Map<string, Set<() => void>>();

  function remove(id: string, resolve: () => void): void {
    const some = waiting.get(id);
    some?.delete(resolve);
    if (some?.size === 0) waiting.delete(id);
  }

  return {
    /** Resolves when `id` is woken, or after so long. */
    until(id: string, ms = Number.POSITIVE_INFINITY): Promise<void> {
      return new Promise((resolve) => {
        const some = waiting.get(id) ?? new Set();
        waiting.set(id, some.add(resolve));
        if (ms === Number.POSITIVE_INFINITY) return;
        schedule(ms, () => {
          remove(id, resolve);
          resolve();
        });
      });
    },

    wake(id: string): void {
      for (const resolve of waiting.get(id) ?? []) resolve();
      waiting.delete(id);
    },
  };
}
