/**
 * threads/ holds how the main thread talks to the threads of the store: the calls, what they carry, and starting and pacing a
 * thread. What a thread does with a call is in its own folder.
 */
import type { Batch } from '../../columns/batch.js';
import type { CommandReads } from '../../domain/command.js';
import type { ExportProgress } from '../../domain/exports.js';
import type { AuditQuery, AuditRow } from '../../domain/operators.js';
import type { ReadingsPage, ReadingsQuery, RenderedPage, RowFormat } from '../../domain/readingsQuery.js';
import type { RegistryChange } from '../../domain/registryChange.js';
import type { RejectedQuery, RejectedRow } from '../../domain/rejected.js';
import type { DamagedDay, StoredFiles } from '../../domain/storedFiles.js';
import type { ArchiveJob, JobProgress, Sealed, UpkeepStep } from './archiving.js';
import type { Committed } from './committed.js';
import type { Restored } from './restored.js';

/**
 * The calls from the main thread to the threads of the store: one typed map per thread, and no other messages. Arguments and answers
 * are structured clones, and the buffers of a batch are transferred both ways. Times are Unix ms.
 */

/** The thread that writes tidegate.db and log.db. */
export interface WriterCalls {
  restore(): Restored;
  /** Stores the batch whole or not at all. */
  commit(batch: Batch, committedAt: number): Committed;
  /** All changes or none. */
  change(changes: RegistryChange[]): void;
  /** True once the store can be written to again: space and ballast are there, and a write reached the disk. */
  probe(at: number): boolean;
  markAdmitted(rid: string, at: number): void;
  /** Stores a fold, or a part of one. Doing it twice is harmless. */
  fold(part: Uint8Array): void;
  /**
   * Moves the sealed position to `position` and deletes a slice of the rows that are sealed and that every cursor has passed.
   * Position 0 moves nothing. True once no such row is left.
   */
  cut(position: number): boolean;
  /** The consumer's position. A new consumer begins after the last commit. */
  openCursor(consumer: string, at: number): number;
  /** Moves the consumer's cursor to `position`. */
  moveCursor(consumer: string, position: number, at: number): void;
  removeCursor(consumer: string): void;
  /**
   * Removes a device's readings from a slice of the rows that are sealed and wait for a cursor, after position `after`. Returns the
   * position to continue after, or null if no row is left.
   */
  scrub(deviceKey: number, after: number): number | null;
  /** Removes the remaining data of a removed device from log.db and tidegate.db, free pages and write-ahead logs included. */
  forget(deviceKey: number): void;
  /** Notes that the readings of this day and of earlier ones may be removed for their age from now on. */
  noteExpired(day: number): void;
  /** Resumes retention after an operator confirmed the clock. Earlier commits are no evidence of the time any more. */
  confirmClock(at: number): void;
  /** Pauses retention until the clock is confirmed, also over restarts. */
  pauseRetention(why: string): void;
  clockStepped(aheadMs: number): void;
  close(): void;
}

/** The thread that writes day files. */
export interface ArchiverCalls {
  /** Answers once the files are open and the unfinished work of a crash is cleared away. `now` is Unix ms. */
  ready(now: number): void;
  /** The days of which a file cannot be used, as far as it is known. */
  damagedDays(): DamagedDay[];
  /** Seals the oldest rows of the log. `erased` are keys of devices whose readings are skipped. */
  seal(options: { readingsMax: number; erased: number[]; now: number }): Sealed;
  /** Runs one slice of the merging, finishing or retention that is due, or returns null if none is. */
  upkeep(options: { now: number; retention: boolean }): UpkeepStep | null;
  /** Starts a job. The job before must have ended. */
  begin(job: ArchiveJob): void;
  /** Runs one slice of the job. */
  step(now: number): JobProgress;
  close(): void;
}

/** A thread that answers queries. */
export interface ReaderCalls extends CommandReads {
  /** Answers once the databases are open. */
  ready(): void;
  /** Throws LOG_TOO_LONG if buckets are wanted and too many readings of the device are unsealed. Seal first, then ask again. */
  readings(query: ReadingsQuery): ReadingsPage;
  rendered(query: ReadingsQuery, format: RowFormat): RenderedPage;
  rejected(query: RejectedQuery): RejectedRow[];
  rejectedFrame(deviceKey: number, rid: string): RejectedRow | null;
  /** A page of the audit, newest first. */
  audit(query: AuditQuery): AuditRow[];
  /** The sizes of the files of the data folder. */
  fileSizes(): StoredFiles;
  close(): void;
}

/** The thread of one export, or of one run of the archive. */
export interface ExporterCalls {
  /** Runs one slice of the work. Not to be called after the one that is finished. */
  step(): ExportProgress;
  /** Ends the work. Nothing unfinished is left. */
  close(): void;
}
