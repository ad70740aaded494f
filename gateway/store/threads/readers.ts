import type { ReaderCalls } from './calls.js';
import type { Thread } from './startThread.js';

/** A page of readings takes up to a quarter of a second. With two readers, a short query need not wait for a long one. */
const readersMax = 2;

/** The reader threads. Most gateways need only one for long, so the second starts when a query first waits for another. */
export interface Readers {
  /** Asks the reader with the fewest waiting calls. */
  read<Name extends keyof ReaderCalls>(
    name: Name,
    ...args: Parameters<ReaderCalls[Name]>
  ): Promise<ReturnType<ReaderCalls[Name]>>;
  close(): Promise<void>;
}

/** `first` is ready. `start` starts one more. */
export function createReaders(first: Thread<ReaderCalls>, start: () => Thread<ReaderCalls>): Readers {
  const ready = [first];
  let starting: Promise<void> | null = null;
  let closed = false;

  /** A reader that cannot open the files is given up, and the next query that waits tries again. Queries do not wait for it. */
  async function startMore(): Promise<void> {
    let reader: Thread<ReaderCalls> | null = null;
    try {
      reader = start();
      await reader.call('ready', []);
      ready.push(reader);
    } catch {
      await reader?.end();
    } finally {
      starting = null;
    }
  }

  return {
    read(name, ...args) {
      const idlest = ready.reduce((a, b) => (b.waiting() < a.waiting() ? b : a));
      if (idlest.waiting() > 0 && ready.length < readersMax && !closed) starting ??= startMore();
      return idlest.call(name, args);
    },
    async close() {
      closed = true;
      await starting;
      for (const reader of ready) await reader.close();
    },
  };
}
