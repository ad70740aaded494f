import type { RegistryChange } from '../domain/registryChange.js';

export interface LazyWritesOptions<Key> {
  /** From the first change to its write, about: it is drawn between half and one and a half of it. */
  everyMs: number;
  /** Keys a write. Further ones follow soon, so that the writer is not held up by a whole fleet at once. */
  batchMax: number;
  /** What is to be written for these keys now; null: nothing. */
  changeOf(keys: Key[]): RegistryChange | null;
  save(change: RegistryChange): Promise<void>;
  random(): number;
}

export type LazyWrites<Key> = ReturnType<typeof createLazyWrites<Key>>;

const furtherAfterMs = 250;

/**
 * Facts that change often and may be some seconds old after a crash: presence, last use. Only that a key was touched is noted;
 * what is written is the state at the time of the write, many keys in one transaction, at times drawn at random.
 */
export function createLazyWrites<Key>({ everyMs, batchMax, changeOf, save, random }: LazyWritesOptions<Key>) {
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

  /** A write that fails is done again with what comes later. False where it failed. */
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
    touch(key: Key): void {
      touched.add(key);
      later(soon());
    },
    /** Writes what is left, as far as that can be done, and then no more. */
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await writing;
      while (touched.size > 0) if (!(await writeSome())) return;
    },
  };
}
