/** Where a client keeps what must survive a restart: small texts by key. One client at a time may use it. */
export interface Storage {
  /** Everything that is stored. */
  load(): Promise<Map<string, string>>;
  /** Resolves when the changes are as durable as this storage can make them. It stores all changes of one call or none. */
  write(changes: readonly Change[]): Promise<void>;
}

/** A new text for a key. `null` removes the key. */
export interface Change {
  key: string;
  text: string | null;
}

/** Keeps everything in memory: nothing survives the page or the program. */
export function memoryStorage(): Storage {
  const texts = new Map<string, string>();
  return {
    load: async () => new Map(texts),
    async write(changes) {
      for (const { key, text } of changes) text === null ? texts.delete(key) : texts.set(key, text);
    },
  };
}

/** The part of a page's localStorage that the client uses. */
export interface WebStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * Keeps everything in localStorage, which holds about 5 MB. Keys begin with the prefix; use one prefix per device. If the page ends
 * during a write, a part of its changes may be stored.
 */
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
