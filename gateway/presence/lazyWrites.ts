import type { RegistryChange } from '../domain/registryChange.js';

export interface LazyWritesOptions<Key> {
  /** The mean time from a change to its write. Each time is drawn at random between half and one and a half of it. */
  everyMs: number;
  /** Keys per write. Further keys follow in the next write, so that a whole fleet does not hold up the writer at once. */
  batchMax: number;
  /** What to write for these keys, as they are now; null: nothing. */
  changeOf(keys: Key[]): RegistryChange | null;
  /** Resolves when the change is on disk. */
  save(change: RegistryChange): Promise<void>;
  random(): number;
}

const furtherAfterMs = 250;

/**
 * Writes facts that change often and may be some seconds old after a crash, such as presence and last use. Only the fact that a
 * key has changed is kept. The write takes the state of that moment, many keys in one transaction, at times drawn at random.
 */
export interface LazyWrites<Key> {
  /** What is known of this key has changed. */
  touch(key: Key): void;
  /** Writes what is left, if it can be written, and never writes again. */
  stop(): Promise<void>;
}

export function createLazyWrites<Key>(options: LazyWritesOptions<Key>): LazyWrites<Key> {
  const { everyMs, batchMax, changeOf, save, random } = options;
  const touched = new Set<Key>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | null = null;
  let stopped = false;

  function later(ms: number): void {
    if (timer !== undefined || stopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      void write();
    }, ms);
    timer.unref();
  }

  const soon = (): number => everyMs * (0.5 + random());

  /** Returns false if the write failed; its keys are then written again later. */
  async function writeSome(): Promise<boolean> {
    const keys: Key[] = [];
    for (const key of touched) {
      if (keys.push(key) >= batchMax) break;
    }
    for (const key of keys) touched.delete(key);
    const change = changeOf(keys);
    if (change === null) return true;
    try {
      await save(change);
      return true;
    } catch {
      for (const key of keys) touched.add(key);
      return false;
    }
  }

  async function write(): Promise<void> {
    if (writing !== null) return;
    let written = true;
    writing = writeSome().then((result) => {
      written = result;
      writing = null;
    });
    await writing;
    if (touched.size > 0) later(written ? furtherAfterMs : soon());
  }

  return {
    touch(key) {
      touched.add(key);
      later(soon());
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await writing;
      while (touched.size > 0) if (!(await writeSome())) return;
    },
  };
}
