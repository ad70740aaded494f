/**
 * Where a client keeps what must outlive a restart: small texts by key. `write` resolves when the change is as durable as the
 * place can make it; the changes of one call are kept together or not at all.
 */
export interface Storage {
  load(): Promise<Map<string, string>>;
  write(changes: readonly Change[]): Promise<void>;
}

/** `text` null removes the key. */
export interface Change {
  key: string;
  text: string | null;
}

/** Nothing outlives the page, or the program. */
export function memoryStorage(): Storage {
  const texts = new Map<string, string>();
  return {
    load: async () => new Map(texts),
    async write(changes) {
      for (const { key, text } of changes) text === null ? texts.delete(key) : texts.set(key, text);
    },
  };
}

/** The Web Storage of a page, which holds about 5 MB; one write is not all or nothing there. */
export interface WebStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** In localStorage, under keys that begin with the prefix: one for each device. */
export function webStorage(storage: WebStorage, prefix: string): Storage {
  return {
    async load() {
      const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '');
      const own = keys.filter((key) => key.startsWith(prefix));
      return new Map(own.map((key) => [key.slice(prefix.length), storage.getItem(key) ?? '']));
    },
    async write(changes) {
      for (const { key, text } of changes)
        text === null ? storage.removeItem(prefix + key) : storage.setItem(prefix + key, text);
    },
  };
}
