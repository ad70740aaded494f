import type { RegistryChange } from '../domain/registryChange.js';

const retryMs = 1_000;

/** How long a change that may wait waits for others, to share their transaction. */
const soonMs = 10;

/**
 * Stores changes of commands, many in one transaction: changes that come while a write is under way share the next one. A failed
 * write is retried until it succeeds, because the device will not report the change a second time. The number of waiting changes
 * is bounded by the number of open commands.
 */
export interface Saver {
  /**
   * Resolves when the changes are on disk, which are one transaction. Changes for `soon` wait a moment for others to share their
   * transaction.
   */
  add(changes: RegistryChange[], when?: 'now' | 'soon'): Promise<void>;
}

export function createSaver(options: {
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  schedule(delayMs: number, run: () => void): void;
}): Saver {
  let pending: { changes: RegistryChange[]; done(): void }[] = [];
  let busy = false;
  let timed = false;

  async function flush(): Promise<void> {
    if (busy || pending.length === 0) return;
    busy = true;
    const batch = pending;
    pending = [];
    try {
      await options.save(batch.flatMap(({ changes }) => changes));
      for (const { done } of batch) done();
      busy = false;
      void flush();
    } catch {
      pending = [...batch, ...pending];
      options.schedule(retryMs, () => {
        busy = false;
        void flush();
      });
    }
  }

  return {
    add(changes, when = 'now') {
      const done = new Promise<void>((resolve) => pending.push({ changes, done: resolve }));
      if (when === 'now') void flush();
      else if (!busy && !timed) {
        timed = true;
        options.schedule(soonMs, () => {
          timed = false;
          void flush();
        });
      }
      return done;
    },
  };
}
