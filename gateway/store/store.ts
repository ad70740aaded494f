import { mkdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
  type Batch,
  buffersOf,
  type Committed,
  type ReaderCalls,
  type RegistryChange,
  type Restored,
  type WriterCalls,
} from './calls.js';
import { lockFolder } from './lock.js';
import type { ReaderData } from './reader.js';
import { createCaller } from './thread.js';
import type { WriterData } from './writer.js';

export interface StoreOptions {
  folder: string;
  ballastBytes: number;
  /** A thread of the store ended by itself: the process cannot go on. */
  died(error: Error): void;
}

export type Store = Awaited<ReturnType<typeof openStore>>['store'];

/**
 * Opens the data folder, making it where there is none. Throws FolderLockedError where another process has it, and
 * a CallError of code DATA_NEWER where a newer Tidegate wrote it.
 */
export async function openStore(options: StoreOptions) {
  const { folder, ballastBytes, died } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(folder);
  const writer = startThread<WriterCalls>('writer.js', { folder, ballastBytes } satisfies WriterData, died);
  try {
    const restored: Restored = await writer.call('restore', []);
    const reader = startThread<ReaderCalls>('reader.js', { folder } satisfies ReaderData, died);
    await reader.call('ready', []);
    return { store: createStore(writer, reader, unlock), restored };
  } catch (error) {
    await writer.end();
    unlock();
    throw error;
  }
}

function createStore(writer: Thread<WriterCalls>, reader: Thread<ReaderCalls>, unlock: () => void) {
  let closing: Promise<void> | null = null;

  /** Readers first: the last connection to close brings the write-ahead log home. */
  async function close(): Promise<void> {
    await reader.call('close', []);
    await reader.end();
    await writer.call('close', []);
    await writer.end();
    unlock();
  }

  return {
    /** The batch's memory is gone until it comes back in the answer; of a failed batch it is lost. */
    commit: (batch: Batch, committedAt: number): Promise<Committed> =>
      writer.call('commit', [batch, committedAt], buffersOf(batch)),
    change: (changes: RegistryChange[]): Promise<void> => writer.call('change', [changes]),
    probe: (at: number): Promise<boolean> => writer.call('probe', [at]),
    markAdmitted: (rid: string, at: number): Promise<void> => writer.call('markAdmitted', [rid, at]),
    read: <Name extends keyof ReaderCalls>(
      name: Name,
      ...args: Parameters<ReaderCalls[Name]>
    ): Promise<ReturnType<ReaderCalls[Name]>> =>
      reader.call(name, args as never) as Promise<ReturnType<ReaderCalls[Name]>>,
    close: (): Promise<void> => (closing ??= close()),
  };
}

type Thread<Map extends object> = ReturnType<typeof startThread<Map>>;

function startThread<Map extends object>(file: string, data: object, died: (error: Error) => void) {
  const worker = new Worker(new URL(`./${file}`, import.meta.url), { workerData: data });
  const { call, letGo } = createCaller<Map>(worker, died);
  return {
    call,
    async end(): Promise<void> {
      letGo();
      await worker.terminate();
    },
  };
}
