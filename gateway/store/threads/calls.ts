import type { Batch } from '../../columns/batch.js';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { CommandRecord } from '../../domain/command.js';
import type { MetricTableRecord, StreamRecord } from '../../domain/declared.js';
import type { Device, DeviceIdentity } from '../../domain/device.js';
import type { AuditRecord, KeyRecord } from '../../domain/operators.js';
import type { PresenceRecord } from '../../domain/presence.js';
import type { ReadingsPage, ReadingsQuery, RenderedPage, RowFormat } from '../../domain/readingsQuery.js';
import type { RegistryChange } from '../../domain/registryChange.js';
import type { RejectedQuery, RejectedRow } from '../../domain/rejected.js';
import type { SeriesRecord } from '../../domain/series.js';
import type { CommandReads, OpenBatch } from '../tidegateDb/commandTables.js';

export interface Committed {
  /** The commit's place in the log. */
  position: number;
  /** The batch as it came, less the readings that only repeated what was stored. */
  batch: Batch;
  /** Readings of the batch that were not stored because their identity already was. */
  repeated: number;
  bytes: number;
  commitMs: number;
  /** The rids given to `batch.rejected`, in its order. */
  rids: string[];
  /** Rejected frames of these devices that were dropped because the quarantine was full. */
  rejectedDropped: number;
}

/** What the main thread needs of the past: everything but the readings. */
export interface Restored {
  devices: Device[];
  keys: KeyRecord[];
  presence: PresenceRecord[];
  series: SeriesRecord[];
  /** The newest reading of each series. */
  latest: ReadingColumns;
  streams: (StreamRecord & { mark: number; usedAt: number })[];
  tables: MetricTableRecord[];
  /** Highest time of receipt per device. */
  receipts: { device: Uint32Array; at: Float64Array };
  nextSeriesId: number;
  nextStreamId: number;
  nextDeviceKey: number;
  newestCommitAt: number;
  /** Why nothing may be removed for its age; null: it may. */
  retentionPaused: string | null;
  /** Everything up to it is in day files. */
  sealedPosition: number;
  /** The last commit in the log. */
  position: number;
  /** Who reads the log beside the seal. */
  cursors: CursorRecord[];
  /** Removed devices whose readings are not yet out of every file. */
  erasures: DeviceIdentity[];
  /** Without an end, in order of creation. */
  commands: CommandRecord[];
  batches: OpenBatch[];
  replayedReadings: number;
  replayMs: number;
  sqliteVersion: string;
}

/** A consumer of the commit log, and the last position that it is done with. */
export interface CursorRecord {
  consumer: string;
  position: number;
}

/** What sealed rows leave behind in log.db when they are cut. Times are Unix ms; the columns of a part have one length. */
export interface Fold {
  series: SeriesRecord[];
  /** Newly declared ones. */
  streams: Restored['streams'];
  tables: MetricTableRecord[];
  latest: ReadingColumns;
  marks: { stream: Uint32Array; mark: Uint32Array; usedAt: Float64Array };
  receipts: { device: Uint32Array; at: Float64Array };
}

/** One seal: rows of the log brought into day files. */
export interface Sealed {
  /** The last row; the log may be cut up to it once `fold` is kept. */
  position: number;
  rows: number;
  /** Readings of those rows. */
  readings: number;
  /** Of them, those whose identity was stored before. */
  repeated: number;
  /** Day files written. */
  days: number;
  /** Runs of the day file that has most. */
  runsMax: number;
  /** A Fold in parts, as bytes (foldParts.ts). */
  fold: Uint8Array<ArrayBuffer>[];
  ms: number;
  /** Of them, those in which it let others go before. */
  restedMs: number;
}

export interface ArchiverCalls {
  /** Answers once the files are open and what a crash left half done is cleared away. */
  ready(): void;
  seal(options: { readingsMax: number; erased: number[]; now: number }): Sealed;
  /** One slice of merging, finishing or retention, whichever is due; null: nothing is. */
  upkeep(options: { now: number; retention: boolean }): UpkeepStep | null;
  /** Starts a job; the one before must be done. */
  begin(job: ArchiveJob): void;
  /** One slice of the job. */
  step(now: number): JobProgress;
  close(): void;
}

export interface UpkeepStep {
  task: 'merge' | 'finish' | 'expire';
  /** YYYY-MM-DD */
  day: string;
  ms: number;
  /** The task is complete with this slice. */
  done: boolean;
}

export type ArchiveJob =
  | { type: 'erase'; device: DeviceIdentity }
  /** Into this folder, which is empty or not there. */
  | { type: 'backup'; folder: string };

export interface JobProgress {
  /** Files done, of how many. */
  done: number;
  total: number;
  bytes: number;
  finished: boolean;
}

export interface WriterCalls {
  restore(): Restored;
  /** Stores the batch whole or not at all. `committedAt` is Unix ms. */
  commit(batch: Batch, committedAt: number): Committed;
  change(changes: RegistryChange[]): void;
  /** True once the store can be written to again (space and ballast are there, a write reached the disk). */
  probe(at: number): boolean;
  markAdmitted(rid: string, at: number): void;
  /** Keeps what sealed rows said, or a slice of it. May be done twice. */
  fold(part: Uint8Array): void;
  /** Moves the sealed position there and deletes rows that are sealed and that every cursor passed, a slice at a time: true once none is left. */
  cut(position: number): boolean;
  /** The consumer's position; a new one begins behind the last commit. */
  openCursor(consumer: string, at: number): number;
  /** It is done with everything up to here. */
  moveCursor(consumer: string, position: number, at: number): void;
  removeCursor(consumer: string): void;
  /**
   * Takes a device's frames out of rows that are sealed and wait for a cursor, a slice at a time: the position to go on after,
   * null once all are looked through.
   */
  scrub(deviceKey: number, after: number): number | null;
  /** Takes what is left of a removed device out of log.db, also out of its free pages. */
  forget(deviceKey: number): void;
  /** What was committed before this is no evidence of the time any more. */
  confirmClock(at: number): void;
  /** Until then; over restarts. */
  pauseRetention(why: string): void;
  close(): void;
}

export interface ReaderCalls extends CommandReads {
  /** Answers once the databases are open. */
  ready(): void;
  /** Throws LOG_TOO_LONG where too many readings of the device are unsealed to be gathered in buckets: seal first. */
  readings(query: ReadingsQuery): ReadingsPage;
  rendered(query: ReadingsQuery, format: RowFormat): RenderedPage;
  rejected(query: RejectedQuery): RejectedRow[];
  rejectedFrame(deviceKey: number, rid: string): RejectedRow | null;
  audit(query: { before: number | null; limit: number }): (AuditRecord & { id: number })[];
  close(): void;
}
