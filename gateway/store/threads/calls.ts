import type { Batch } from '../../columns/batch.js';
import type { CommandReads } from '../../domain/command.js';
import type { AuditRecord } from '../../domain/operators.js';
import type { ReadingsPage, ReadingsQuery, RenderedPage, RowFormat } from '../../domain/readingsQuery.js';
import type { RegistryChange } from '../../domain/registryChange.js';
import type { RejectedQuery, RejectedRow } from '../../domain/rejected.js';
import type { ArchiveJob, JobProgress, Sealed, UpkeepStep } from './archiving.js';
import type { Committed } from './committed.js';
import type { Restored } from './restored.js';

/**
 * The calls that cross from the main thread to the threads of the store: one typed map per thread, and nothing else. Arguments
 * and answers are structured clones; the buffers of a batch are transferred, both ways. Times are Unix ms.
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
  /** Stores what sealed rows contained beside the readings, or a part of it. Doing it twice is harmless. */
  fold(part: Uint8Array): void;
  /**
   * Moves the sealed position to `position` and deletes a slice of the rows that are sealed and that every cursor has passed.
   * Position 0 moves nothing. True once no such row is left.
   */
  cut(position: number): boolean;
  /** The consumer's position; a new consumer begins behind the last commit. */
  openCursor(consumer: string, at: number): number;
  /** The consumer is done with everything up to `position`. */
  moveCursor(consumer: string, position: number, at: number): void;
  removeCursor(consumer: string): void;
  /**
   * Takes a device's frames out of a slice of the rows that are sealed and wait for a cursor, after position `after`. Returns the
   * position to continue after; null: no row is left.
   */
  scrub(deviceKey: number, after: number): number | null;
  /** Takes what is left of a removed device out of log.db, also out of its free pages. */
  forget(deviceKey: number): void;
  /** Someone confirmed the clock: what was committed before is no evidence of the time any more, and retention resumes. */
  confirmClock(at: number): void;
  /** Pauses retention until the clock is confirmed, also over restarts. */
  pauseRetention(why: string): void;
  close(): void;
}

/** The thread that writes day files. */
export interface ArchiverCalls {
  /** Answers once the files are open and the unfinished work of a crash is cleared away. */
  ready(): void;
  /** Seals the oldest rows of the log; `erased` are keys of devices whose readings are left out. */
  seal(options: { readingsMax: number; erased: number[]; now: number }): Sealed;
  /** One slice of merging, finishing or retention, whichever is due; null: nothing is due. */
  upkeep(options: { now: number; retention: boolean }): UpkeepStep | null;
  /** Starts a job; the one before must have ended. */
  begin(job: ArchiveJob): void;
  /** One slice of the job. */
  step(now: number): JobProgress;
  close(): void;
}

/** A thread that answers questions. */
export interface ReaderCalls extends CommandReads {
  /** Answers once the databases are open. */
  ready(): void;
  /** Throws LOG_TOO_LONG if too many readings of the device are unsealed to be gathered in buckets: seal first. */
  readings(query: ReadingsQuery): ReadingsPage;
  rendered(query: ReadingsQuery, format: RowFormat): RenderedPage;
  rejected(query: RejectedQuery): RejectedRow[];
  rejectedFrame(deviceKey: number, rid: string): RejectedRow | null;
  /** The audit, newest first, below id `before`; null: from the newest. */
  audit(query: { before: number | null; limit: number }): (AuditRecord & { id: number })[];
  close(): void;
}
