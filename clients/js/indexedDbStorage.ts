import type { Storage } from './storage.js';

/** The part of IndexedDB that the client uses, declared here so that the client needs no types of a browser. */
interface Request<Result> {
  result: Result;
  error: unknown;
  onsuccess: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
}
interface ObjectStore {
  put(value: string, key: string): unknown;
  delete(key: string): unknown;
  getAll(): Request<unknown[]>;
  getAllKeys(): Request<unknown[]>;
}
interface Transaction {
  objectStore(name: string): ObjectStore;
  error: unknown;
  oncomplete: ((event: never) => unknown) | null;
  onabort: ((event: never) => unknown) | null;
}
interface Database {
  createObjectStore(name: string): unknown;
  transaction(names: string, mode: 'readonly' | 'readwrite', options?: { durability: 'strict' }): Transaction;
}
/** A page's `indexedDB`. */
export interface IndexedDb {
  open(name: string, version: number): Request<Database> & { onupgradeneeded: ((event: never) => unknown) | null };
}

const storeName = 'texts';

/**
 * Keeps everything in an IndexedDB database of this name; use one database per device. Each write is one transaction, which the
 * browser flushes to the disk. Rejects if the database cannot be opened.
 */
export async function indexedDbStorage(indexedDb: IndexedDb, name: string): Promise<Storage> {
  const opening = indexedDb.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(storeName);
  const database = await resultOf(opening);
  return {
    async load() {
      const store = database.transaction(storeName, 'readonly').objectStore(storeName);
      const [keys, texts] = await Promise.all([resultOf(store.getAllKeys()), resultOf(store.getAll())]);
      return new Map(keys.map((key, i) => [String(key), String(texts[i])]));
    },
    write(changes) {
      const transaction = database.transaction(storeName, 'readwrite', { durability: 'strict' });
      const store = transaction.objectStore(storeName);
      for (const { key, text } of changes) text === null ? store.delete(key) : store.put(text, key);
      return new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
    },
  };
}

function resultOf<Result>(request: Request<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
