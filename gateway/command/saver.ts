import type { CommandChange } from '../store/calls.js';

const retryMs = 1_000;

export type Saver = ReturnType<typeof createSaver>;

/**
 * Stores what became of commands, many in one transaction: what is decided while a write is under way rides in the next. A write
 * that fails is done again until it succeeds, since the device will not say it a second time; `changes` are bounded by the
 * commands that are open.
 */
export function createSaver(options: {
  save(changes: CommandChange[]): Promise<void>;
  schedule(delayMs: number, run: () => void): void;
}) {
  let pending: { change: CommandChange; done(): void }[] = [];
  let busy = false;

  async function flush(): Promise<void> {
    if (busy || pending.length === 0) return;
    busy = true;
    const batch = pending;
    pending = [];
    try {
      await options.save(batch.map(({ change }) => change));
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
    /** Resolves when the change is on disk. */
    add(change: CommandChange): Promise<void> {
      const done = new Promise<void>((resolve) => pending.push({ change, done: resolve }));
      void flush();
      return done;
    },
  };
}
