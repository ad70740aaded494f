import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Batch, buffersOf } from '../columns/batch.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { ArchiverData } from './archiver/archiver.js';
import { unfinishedBackup } from './archiver/backup.js';
import { type Archive, createArchive } from './archiver/schedule.js';
import { clearUnfinished } from './dayFiles/clearUnfinished.js';
import type { ReaderData } from './reader/reader.js';
import type {
  ArchiveJob,
  ArchiverCalls,
  Committed,
  JobProgress,
  ReaderCalls,
  Restored,
  Sealed,
  UpkeepStep,
  WriterCalls,
} from './threads/calls.js';
import { createPaceMemory, createPacer } from './threads/pace.js';
import { startThread, type Thread } from './threads/startThread.js';
import { lockFolder } from './writer/lock.js';
import type { WriterData } from './writer/writer.js';

/** A page of readings takes up to a quarter of a second; with two, a short query goes past a long one. */
const readerCount = 2;

export interface StoreOptions {
  folder: string;
  ballastBytes: number;
  sealReadings: number;
  sealIntervalMs: number;
  finishAfterMs: number;
  retentionDays: number;
  rollupRetentionDays: number;
  /** Unix ms. */
  now(): number;
  /** Whether the clock is such that old data may be removed by it. */
  retentionAllowed(): boolean;
  /** Told of the archiver's work. */
  sealed?(sealed: Omit<Sealed, 'fold'>): void;
  worked?(step: UpkeepStep): void;
  archiveFailed(error: Error, what: string): void;
  /** A thread of the store ended by itself: the process cannot go on. */
  died(error: Error): void;
}

export type Store = Awaited<ReturnType<typeof openStore>>['store'];

/**
 * Opens the data folder, making it where there is none. Throws FolderLockedError where another process has it, and
 * a CallError of code DATA_NEWER where a newer Tidegate wrote it.
 */
export async function openStore(options: StoreOptions) {
  const { folder, ballastBytes, retentionDays, rollupRetentionDays, finishAfterMs, died } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (existsSync(join(folder, unfinishedBackup)))
    throw new Error('it is a backup that was not finished, so parts are missing. Make another one');
  const unlock = lockFolder(folder);
  const threads: Thread<object>[] = [];
  try {
    clearUnfinished(folder);
    const writer = startThread<WriterCalls>('writer/writer.js', { folder, ballastBytes } satisfies WriterData, died);
    threads.push(writer);
    const restored: Restored = await writer.call('restore', []);
    const pace = createPaceMemory();
    const archiverData: ArchiverData = { folder, retentionDays, rollupRetentionDays, finishAfterMs, pace };
    const archiver = startThread<ArchiverCalls>('archiver/archiver.js', archiverData, died);
    threads.push(archiver);
    await archiver.call('ready', []);
    const readers = Array.from({ length: readerCount }, () =>
      startThread<ReaderCalls>('reader/reader.js', { folder } satisfies ReaderData, died),
    );
    threads.push(...readers);
    await Promise.all(readers.map((reader) => reader.call('ready', [])));
    const archive = createArchive({
      writer,
      archiver,
      pacer: createPacer(pace),
      now: options.now,
      sealReadings: options.sealReadings,
      sealIntervalMs: options.sealIntervalMs,
      restored,
      retentionAllowed: options.retentionAllowed,
      sealed: options.sealed ?? (() => {}),
      worked: options.worked ?? (() => {}),
      failed: options.archiveFailed,
    });
    return { store: createStore({ writer, archiver, readers, archive, unlock }), restored };
  } catch (error) {
    for (const thread of threads.reverse()) await thread.end();
    unlock();
    throw error;
  }
}

interface Parts {
  writer: Thread<WriterCalls>;
  archiver: Thread<ArchiverCalls>;
  readers: Thread<ReaderCalls>[];
  archive: Archive;
  unlock(): void;
}

function createStore({ writer, archiver, readers, archive, unlock }: Parts) {
  let closing: Promise<void> | null = null;

  async function commit(batch: Batch, committedAt: number): Promise<Committed> {
    const room = archive.room();
    if (room !== null) await room;
    const committed = await writer.call('commit', [batch, committedAt], buffersOf(batch));
    archive.committed(committed.position, committed.batch.readings);
    return committed;
  }

  function read<Name extends keyof ReaderCalls>(
    name: Name,
    ...args: Parameters<ReaderCalls[Name]>
  ): Promise<ReturnType<ReaderCalls[Name]>> {
    const idlest = readers.reduce((a, b) => (b.waiting() < a.waiting() ? b : a));
    return idlest.call(name, args as never) as Promise<ReturnType<ReaderCalls[Name]>>;
  }

  /** Deletes rows that were sealed before, now that a cursor has passed them. */
  async function cutSealed(): Promise<void> {
    while (!(await writer.call('cut', [0]))) {
      // The next slice.
    }
  }

  /** Readers first: the last connection to close brings the write-ahead log home. */
  async function close(): Promise<void> {
    await archive.close();
    for (const thread of [...readers, archiver, writer]) await thread.close();
    unlock();
  }

  return {
    /** The batch's memory is gone until it comes back in the answer; of a failed batch it is lost. */
    commit,
    change: (changes: RegistryChange[]): Promise<void> => writer.call('change', [changes]),
    probe: (at: number): Promise<boolean> => writer.call('probe', [at]),
    markAdmitted: (rid: string, at: number): Promise<void> => writer.call('markAdmitted', [rid, at]),
    read,
    /** Removes everything of a device from log.db; to be called once its readings are sealed and erased. */
    async forget(deviceKey: number): Promise<void> {
      for (let after: number | null = 0; after !== null; ) after = await writer.call('scrub', [deviceKey, after]);
      await writer.call('forget', [deviceKey]);
    },
    /** Consumers of the commit log beside the seal; it is cut only below the lowest position. */
    cursors: {
      open: (consumer: string, at: number): Promise<number> => writer.call('openCursor', [consumer, at]),
      async move(consumer: string, position: number, at: number): Promise<void> {
        await writer.call('moveCursor', [consumer, position, at]);
        await cutSealed();
      },
      async remove(consumer: string): Promise<void> {
        await writer.call('removeCursor', [consumer]);
        await cutSealed();
      },
    },
    confirmClock: (at: number): Promise<void> => writer.call('confirmClock', [at]),
    pauseRetention: (why: string): Promise<void> => writer.call('pauseRetention', [why]),
    /** From now on no reading of the device is sealed. */
    leaveOut: archive.leaveOut,
    /** Brings what is committed into the day files; resolves when it is there. */
    seal: archive.seal,
    unsealedReadings: archive.unsealedReadings,
    idle: archive.idle,
    /** Long work on the day files, one job after another. */
    run: (job: ArchiveJob, progress: (progress: JobProgress) => void): Promise<void> => archive.run(job, progress),
    close: (): Promise<void> => (closing ??= close()),
  };
}
