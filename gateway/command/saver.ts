import type { CommandChange } from '../domain/command.js';

const retryMs = 1_000;

/** What may wait for another change to ride with waits so long. */
const soonMs = 10;

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
  let timed = false;

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
    /** Resolves when the change is on disk. One that is to be written `soon` rides with the next. */
    add(change: CommandChange, when: 'now' | 'soon' = 'now'): Promise<void> {
      const done = new Promise<void>((resolve) => pending.push({ change, done: resolve }));
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
