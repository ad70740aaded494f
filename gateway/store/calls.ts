import type { ReadingColumns } from '../latest.js';
import type { Device, RejectedFrame, Scalar, Series, SeriesKind } from '../types.js';

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

/** Names that frames of this or later commits use. Repeating one is harmless. */
export interface Declared {
  series: Series[];
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
  series: Series[];
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
  replayedReadings: number;
  replayMs: number;
  sqliteVersion: string;
}

export type Role = 'viewer' | 'operator' | 'admin';

/** An operator key; `hash` is the SHA-256 of its text. */
export interface KeyRecord {
  id: string;
  name: string;
  role: Role;
  hash: Uint8Array;
  createdAt: number;
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
  | { type: 'put_device'; device: Device }
  | { type: 'remove_device'; deviceKey: number }
  | { type: 'put_key'; key: KeyRecord }
  | { type: 'remove_key'; id: string }
  | { type: 'audit'; record: AuditRecord };

export interface WriterCalls {
  restore(): Restored;
  /** Stores the batch whole or not at all. `committedAt` is Unix ms. */
  commit(batch: Batch, committedAt: number): Committed;
  change(changes: RegistryChange[]): void;
  /** True once the store can be written to again (space and ballast are there, a write reached the disk). */
  probe(at: number): boolean;
  markAdmitted(rid: string, at: number): void;
  close(): void;
}

/** Ascending or descending by (ts, series). `from` is inclusive, `to` exclusive, both Unix ms. */
export interface ReadingsQuery {
  deviceKey: number;
  /** Series to return, with their kinds; they belong to the device. */
  series: { id: number; kind: SeriesKind }[];
  from: number;
  to: number;
  order: 'asc' | 'desc';
  limit: number;
  /** The last reading of the page before. */
  after: { ts: number; series: number } | null;
}

export interface ReadingsPage {
  readings: { series: number; ts: number; value: Scalar }[];
  /** Whether more lie behind the last one. */
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

export interface ReaderCalls {
  /** Answers once the databases are open. */
  ready(): void;
  readings(query: ReadingsQuery): ReadingsPage;
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
