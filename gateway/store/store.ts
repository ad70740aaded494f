/**
 * The storage as the rest of the gateway sees it. store/ has this one file of its own; everything about files, SQLite and threads
 * is in the folders below, and nobody else uses better-sqlite3.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Batch, buffersOf } from '../columns/batch.js';
import type { ExportProgress, ExportWork } from '../domain/exports.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { DamagedDay } from '../domain/storedFiles.js';
import type { ArchiverData } from './archiver/archiver.js';
import { unfinishedBackup } from './archiver/backup.js';
import { ArchiveSchedule } from './archiver/schedule.js';
import { clearUnfinished } from './dayFiles/clearUnfinished.js';
import { createExports, type Exports } from './exporting/exports.js';
import type { ReaderData } from './reader/reader.js';
import type { ArchiveJob, JobProgress, Sealed, UpkeepStep } from './threads/archiving.js';
import type { ArchiverCalls, ReaderCalls, WriterCalls } from './threads/calls.js';
import type { Committed } from './threads/committed.js';
import { createPaceMemory, createPacer } from './threads/pace.js';
import { createReaders, type Readers } from './threads/readers.js';
import type { Restored } from './threads/restored.js';
import { startThread, type Thread } from './threads/startThread.js';
import type { Caller } from './threads/thread.js';
import { prepareFolder, refuseMissing } from './writer/dataFolder.js';
import { lockFolder } from './writer/lock.js';
import type { WriterData } from './writer/writer.js';

export interface StoreOptions {
  folder: string;
  ballastBytes: number;
  /** Databases that may be missing beside data, by file name: what they held is given up. */
  startWithout?: readonly string[];
  /** Readings in the log after which a seal is due. */
  sealReadings: number;
  /** Time after which a seal is due if there are rows to seal. */
  sealIntervalMs: number;
  /** A day is finished if it is over and no reading was sealed into it for this time. */
  finishAfterMs: number;
  retentionDays: number;
  rollupRetentionDays: number;
  /** Unix ms. */
  now(): number;
  /** Whether the clock can be trusted to remove old data. */
  retentionAllowed(): boolean;
  /** The archiver has sealed. */
  sealed?(sealed: Omit<Sealed, 'fold'>): void;
  /** The archiver has done a slice of upkeep. */
  worked?(step: UpkeepStep): void;
  archiveFailed(error: Error, what: string): void;
  /** The days of which a file cannot be used are others now, or more readings wait for them. Is called at the start if there are some. */
  damaged?(days: DamagedDay[]): void;
  /** Called if a thread of the store ended by itself. The process cannot continue. */
  died(error: Error): void;
}

/** What the gateway may ask of the storage. Errors of the threads are CallErrors with the original code, such as SQLITE_FULL. */
export interface Store {
  /**
   * Stores the batch whole or not at all. It is on disk when this resolves. The batch's memory moves to the writer and comes back in
   * the answer. The memory of a failed batch is lost.
   */
  commit(batch: Batch, committedAt: number): Promise<Committed>;
  /** Writes changes in one transaction, which is on disk when this resolves. */
  change(changes: RegistryChange[]): Promise<void>;
  /** True once the store can be written to again. */
  probe(at: number): Promise<boolean>;
  /** Marks a rejected frame as admitted. */
  markAdmitted(rid: string, at: number): Promise<void>;
  /** Asks the reader with the fewest waiting calls. */
  read<Name extends keyof ReaderCalls>(
    name: Name,
    ...args: Parameters<ReaderCalls[Name]>
  ): Promise<ReturnType<ReaderCalls[Name]>>;
  /** Removes all data of a device from log.db and tidegate.db. To be called once its readings are sealed and erased. */
  forget(deviceKey: number): Promise<void>;
  cursors: Cursors;
  /** Resumes retention after an operator confirmed the clock. */
  confirmClock(at: number): Promise<void>;
  /** Pauses retention until the clock is confirmed, also over restarts. */
  pauseRetention(why: string): Promise<void>;
  /** Keeps by how many ms the clock has stepped ahead since it was confirmed. */
  clockStepped(aheadMs: number): Promise<void>;
  /** From now on no reading of the device is sealed. */
  leaveOut(deviceKey: number): void;
  /** Seals everything that is committed. Resolves when it is in the day files. */
  seal(): Promise<void>;
  /** The number of readings in the log that are not in day files yet. */
  unsealedReadings(): number;
  /** The days of which a file cannot be used, as far as it is known: newest first. */
  damagedDays(): readonly DamagedDay[];
  /** Does all work that is due on the day files. Resolves when no work is left. */
  idle(): Promise<void>;
  /** Runs long work on the day files, one job after another. Calls `progress` after each slice. */
  run(job: ArchiveJob, progress: (progress: JobProgress) => void): Promise<void>;
  /**
   * Writes readings as files of another form, one run after another and beside everything else. What is not sealed is not written.
   * Rejects with the reason of `signal` if that ends it.
   */
  export(work: ExportWork, progress: (progress: ExportProgress) => void, signal?: AbortSignal): Promise<void>;
  /** The number of past days that a run of the archive would look at, because their file there is missing or old. `now` is Unix ms. */
  daysToArchive(archive: string, now: number): number;
  /** May be called twice. */
  close(): Promise<void>;
}

/** The consumers of the commit log beside the seal. The log is cut only below the lowest position. */
export interface Cursors {
  /** The consumer's position; a new consumer begins behind the last commit. */
  open(consumer: string, at: number): Promise<number>;
  /** The consumer is done with everything up to `position`. */
  move(consumer: string, position: number, at: number): Promise<void>;
  remove(consumer: string): Promise<void>;
}

/** Opens the data folder. Throws FolderUnusableError if this user cannot write in it, FolderLockedError if another process has it, DataMissingError if a database is missing beside data, and else what `openThreads` throws. */
export async function openStore(options: StoreOptions): Promise<{ store: Store; restored: Restored }> {
  const { folder } = options;
  prepareFolder(folder);
  if (existsSync(join(folder, unfinishedBackup)))
    throw new Error('it is a backup that was not finished, so parts are missing. Make another one');
  const unlock = lockFolder(folder);
  try {
    refuseMissing(folder, options.startWithout ?? []);
    clearUnfinished(folder);
    const { restored, ...threads } = await openThreads(options);
    return { store: createStore(threads, createExports(folder), unlock), restored };
  } catch (error) {
    unlock();
    throw error;
  }
}

interface Threads {
  writer: Thread<WriterCalls>;
  archiver: Thread<ArchiverCalls>;
  readers: Readers;
  schedule: ArchiveSchedule;
}

/** Throws a CallError of code DATA_NEWER or DATA_OLDER if a newer Tidegate, or one from before 0.1.0, wrote the folder. */
async function openThreads(options: StoreOptions): Promise<Threads & { restored: Restored }> {
  const { folder, ballastBytes, retentionDays, rollupRetentionDays, finishAfterMs, died } = options;
  const started: Pick<Thread<object>, 'end'>[] = [];
  try {
    const writerData: WriterData = { folder, ballastBytes };
    const writer = startThread<WriterCalls>('writer/writer.js', writerData, died);
    started.push(writer);
    const restored = await writer.call('restore', []);
    const pace = createPaceMemory();
    const archiverData: ArchiverData = { folder, retentionDays, rollupRetentionDays, finishAfterMs, pace };
    const archiver = startThread<ArchiverCalls>('archiver/archiver.js', archiverData, died);
    started.push(archiver);
    await archiver.call('ready', [options.now()]);
    const readerData: ReaderData = { folder };
    const startReader = (): Thread<ReaderCalls> => startThread<ReaderCalls>('reader/reader.js', readerData, died);
    const reader = startReader();
    started.push(reader);
    await reader.call('ready', []);
    const readers = createReaders(reader, startReader);
    const schedule = new ArchiveSchedule({
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
      retentionDays,
      damaged: options.damaged ?? (() => {}),
    });
    await schedule.lookForDamage();
    return { writer, archiver, readers, schedule, restored };
  } catch (error) {
    for (const thread of started.reverse()) await thread.end();
    throw error;
  }
}

function createStore({ writer, archiver, readers, schedule }: Threads, exports: Exports, unlock: () => void): Store {
  let closing: Promise<void> | null = null;

  /** Readers first: the last connection to close brings the write-ahead log into the file. */
  async function close(): Promise<void> {
    await exports.close();
    await schedule.close();
    for (const thread of [readers, archiver, writer]) await thread.close();
    unlock();
  }

  return {
    async commit(batch, committedAt) {
      const room = schedule.room();
      if (room !== null) await room;
      const committed = await writer.call('commit', [batch, committedAt], buffersOf(batch));
      schedule.committed(committed.position, committed.batch.readings);
      return committed;
    },
    change: (changes) => writer.call('change', [changes]),
    probe: (at) => writer.call('probe', [at]),
    markAdmitted: (rid, at) => writer.call('markAdmitted', [rid, at]),
    read: readers.read,
    async forget(deviceKey) {
      for (let after: number | null = 0; after !== null; ) after = await writer.call('scrub', [deviceKey, after]);
      await writer.call('forget', [deviceKey]);
    },
    cursors: createCursors(writer),
    confirmClock: (at) => writer.call('confirmClock', [at]),
    pauseRetention: (why) => writer.call('pauseRetention', [why]),
    clockStepped: (aheadMs) => writer.call('clockStepped', [aheadMs]),
    leaveOut: (deviceKey) => schedule.leaveOut(deviceKey),
    seal: () => schedule.seal(),
    unsealedReadings: () => schedule.unsealedReadings(),
    damagedDays: () => schedule.damagedDays(),
    idle: () => schedule.idle(),
    run: (job, progress) => schedule.run(job, progress),
    export: exports.run,
    daysToArchive: exports.daysToArchive,
    close: () => (closing ??= close()),
  };
}

function createCursors(writer: Caller<WriterCalls>): Cursors {
  /** Deletes rows that were sealed before, now that a cursor has passed them. */
  async function cutSealed(): Promise<void> {
    while (!(await writer.call('cut', [0]))) {
      // The next slice.
    }
  }

  return {
    open: (consumer, at) => writer.call('openCursor', [consumer, at]),
    async move(consumer, position, at) {
      await writer.call('moveCursor', [consumer, position, at]);
      await cutSealed();
    },
    async remove(consumer) {
      await writer.call('removeCursor', [consumer]);
      await cutSealed();
    },
  };
}
