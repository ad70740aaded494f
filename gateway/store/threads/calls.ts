import type { ReadingColumns } from '../../columns/latest.js';
import type { CommandState } from '../../command/lifecycle.js';
import type {
  Credential,
  Device,
  PresenceRecord,
  RejectedFrame,
  Scalar,
  Series,
  SeriesKind,
} from '../../domain/device.js';
import type { CommandReads, OpenBatch } from '../tidegateDb/commandTables.js';

/**
 * What crosses between the main thread and the store's workers: one typed map a worker.
 * Arguments and answers are structured clones; the buffers of a batch are transferred, both ways.
 */

/** One commit's worth of telemetry, columnar. Arrays may be longer than their count says. */
export interface Batch extends ReadingColumns {
  /** Frames in order of receipt; frame i holds the next `frameReadings[i]` readings. */
  frames: number;
  frameDevice: Uint32Array;
  frameStream: Uint32Array;
  frameSeq: Uint32Array;
  frameReadings: Uint32Array;
  frameReceivedAt: Float64Array;
  declared: Declared;
  rejected: NewRejectedFrame[];
}

/** A series with its device by name: the day files say whose a reading is without the registry. */
export interface SeriesRecord extends Series {
  device: string;
  /** With the key it tells the owners of an id apart, also where an older registry was put beside newer day files. */
  deviceCreatedAt: number;
}

/** Names that frames of this or later commits use. Repeating one is harmless. */
export interface Declared {
  series: SeriesRecord[];
  streams: StreamRecord[];
  tables: MetricTableRecord[];
}

export interface StreamRecord {
  id: number;
  deviceKey: number;
  name: string;
  /** Named by the device, so its mark is kept; else it lives with one link. */
  kept: boolean;
}

export interface MetricDeclaration {
  name: string;
  unit: string | null;
  scale: number;
}

export interface MetricTableRecord {
  deviceKey: number;
  table: number;
  metrics: MetricDeclaration[];
}

export interface NewRejectedFrame extends Omit<RejectedFrame, 'rid'> {
  deviceKey: number;
}

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

export type Role = 'viewer' | 'operator' | 'admin';

/** An operator key; `hash` is the SHA-256 of its text. */
export interface KeyRecord {
  id: string;
  name: string;
  role: Role;
  hash: Uint8Array;
  createdAt: number;
  /** Unix ms from which it is no longer accepted, or null. */
  notAfter: number | null;
  /** Stored some time later. */
  lastUsedAt: number | null;
}

export interface AuditRecord {
  at: number;
  /** The key's id, or `cli`, or `gateway`. */
  by: string;
  action: string;
  /** The device, key or rid that it was done to. */
  subject: string;
  detail: string | null;
}

/** A change of what people manage. A list of them is one transaction, on disk when the call answers. */
export type RegistryChange =
  /** A new one, with its credentials. */
  | { type: 'put_device'; device: Device }
  /** Of one that may have been removed meanwhile: then nothing happens, as with the next ones. */
  | { type: 'patch_device'; deviceKey: number; patch: Partial<Pick<Device, 'model' | 'tags' | 'state' | 'attributes'>> }
  | { type: 'put_credential'; deviceKey: number; credential: Credential }
  | { type: 'retire_credential'; cid: string; notAfter: number }
  | { type: 'remove_credential'; cid: string }
  | { type: 'remove_device'; deviceKey: number }
  /** Its readings are to be taken out of every file; kept until that is done. */
  | { type: 'erase_device'; device: DeviceIdentity }
  | { type: 'device_erased'; deviceKey: number }
  | CommandChange
  | { type: 'put_key'; key: KeyRecord }
  | { type: 'remove_key'; id: string }
  | { type: 'put_presence'; records: PresenceRecord[] }
  /** By cid, or by key id. */
  | { type: 'credentials_used' | 'keys_used'; uses: { id: string; at: number }[] }
  | { type: 'audit'; record: AuditRecord };

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

export interface DeviceIdentity {
  id: string;
  key: number;
  createdAt: number;
}

export interface JobProgress {
  /** Files done, of how many. */
  done: number;
  total: number;
  bytes: number;
  finished: boolean;
}

/** A command as it is stored. `params` are as given until the final word; then what is secret in them is blacked out. */
export interface CommandRecord {
  id: string;
  deviceKey: number;
  device: string;
  name: string;
  params: Record<string, unknown>;
  /** Paths of what is secret in `params`; known while it is open. */
  secrets: string[][];
  state: CommandState;
  result: unknown;
  error: unknown;
  createdAt: number;
  expiresAt: number;
  /** How long after it was sent its final word may take. */
  deadlineMs: number;
  sentAt: number | null;
  endedAt: number | null;
  /** A newer command of the device with the same word takes its place while it is queued. */
  supersedes: string | null;
  by: string;
  batch: string | null;
  idempotencyKey: string | null;
  bodyHash: string | null;
  /** It was about to be sent, or was: a restart cannot tell. */
  attempted: boolean;
}

export interface CommandEventRecord {
  state: CommandState;
  at: number;
  cause: string;
}

export interface CommandView extends CommandRecord {
  history: CommandEventRecord[];
}

export interface BatchRecord {
  id: string;
  name: string;
  params: Record<string, unknown>;
  target: object;
  state: 'running' | 'stopped' | 'aborted' | 'done';
  total: number;
  concurrency: number;
  abortOnFailurePercent: number | null;
  ttlMs: number | null;
  deadlineMs: number | null;
  supersedes: string | null;
  createdAt: number;
  endedAt: number | null;
  by: string;
}

export type CommandChange =
  | { type: 'put_command'; command: CommandRecord; cause: string }
  /** Changes nothing of a command that has ended. */
  | {
      type: 'command_moved';
      id: string;
      state: CommandState;
      at: number;
      cause: string;
      result?: unknown;
      error?: unknown;
      params?: Record<string, unknown>;
      sentAt?: number;
      endedAt?: number;
    }
  /** A late word of the device, which changes no state; kept once a state. */
  | { type: 'command_event'; id: string; state: CommandState; at: number; cause: string }
  | { type: 'command_attempted'; id: string; attempted: boolean }
  | {
      type: 'put_batch';
      batch: BatchRecord;
      /** `error` (JSON): why there will be no command for it. */
      members: { deviceKey: number; device: string; error: string | null }[];
    }
  | { type: 'batch_member'; batch: string; position: number; command: string | null; error: string | null }
  | {
      type: 'batch_moved';
      id: string;
      state: BatchRecord['state'];
      endedAt: number | null;
      params?: Record<string, unknown>;
    }
  /** Some of those that ended before. */
  | { type: 'trim_commands'; before: number };

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

/** One device's readings, ascending or descending by (ts, series). `from` is inclusive, `to` exclusive, both Unix ms. */
export interface ReadingsQuery {
  device: DeviceIdentity;
  /** Of the device; day files know them by metric. */
  series: { id: number; metric: string; kind: SeriesKind }[];
  from: number;
  to: number;
  order: 'asc' | 'desc';
  limit: number;
  /** The last row of the page before. */
  after: { ts: number; series: number } | null;
  /** Width of the buckets that readings are gathered in; null: readings as they are. */
  everyMs: number | null;
}

export interface ReadingRow {
  series: number;
  ts: number;
  value: Scalar;
}

/** Of a bucket that begins at `ts`. Numbers have all of it; strings and booleans count, first and last. */
export interface BucketRow {
  series: number;
  ts: number;
  count: number;
  min: number | null;
  max: number | null;
  sum: number | null;
  first: Scalar;
  last: Scalar;
}

export interface ReadingsPage<Row extends ReadingRow | BucketRow = ReadingRow | BucketRow> {
  rows: Row[];
  /** Whether more lie behind the last one. A page may be short of its limit and yet have more behind it. */
  more: boolean;
}

export type RowFormat = 'json' | 'csv' | 'ndjson';

/** A page as text: JSON items with commas between, or whole lines. */
export interface RenderedPage {
  text: Uint8Array;
  rows: number;
  last: { ts: number; series: number } | null;
  more: boolean;
}

export interface RejectedQuery {
  deviceKey: number;
  /** Newest first; below this rid, or null: from the newest. */
  before: string | null;
  limit: number;
}

export interface RejectedRow extends RejectedFrame {
  deviceKey: number;
  admittedAt: number | null;
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

/** The memory of a batch, to be moved to the other thread. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  const { series, ts, value, frameDevice, frameStream, frameSeq, frameReadings, frameReceivedAt } = batch;
  return [series, ts, value, frameDevice, frameStream, frameSeq, frameReadings, frameReceivedAt].map(
    (column) => column.buffer as ArrayBuffer,
  );
}
