import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { CommandRecord, OpenBatch } from '../../domain/command.js';
import type { MarkedStream, MetricTableRecord } from '../../domain/declared.js';
import type { Device, DeviceIdentity } from '../../domain/device.js';
import type { KeyRecord } from '../../domain/operators.js';
import type { PresenceRecord } from '../../domain/presence.js';
import type { SeriesRecord } from '../../domain/series.js';

/** The stored state that the main thread needs at the start: everything except the readings. Times are Unix ms. */
export interface Restored {
  devices: Device[];
  keys: KeyRecord[];
  presence: PresenceRecord[];
  series: SeriesRecord[];
  /** The newest reading of each series. */
  latest: ReadingColumns;
  streams: MarkedStream[];
  tables: MetricTableRecord[];
  /** The newest receipt time per device. */
  receipts: { device: Uint32Array; at: Float64Array };
  /** The times of the readings that were committed last, and the newest of each series: in order of their series. */
  recentTimes: { series: Uint32Array; ts: Float64Array };
  nextSeriesId: number;
  nextStreamId: number;
  nextDeviceKey: number;
  /** The newest commit that is evidence of the time, or 0. */
  newestCommitAt: number;
  /** Why retention is paused, or null. */
  retentionPaused: string | null;
  /** By how many ms the clock has stepped ahead since it was confirmed. */
  clockSteppedAheadMs: number;
  /** Everything up to this position is in day files. */
  sealedPosition: number;
  /** The last commit in the log. */
  position: number;
  cursors: CursorRecord[];
  /** Removed devices whose readings are not erased from every file yet. */
  erasures: DeviceIdentity[];
  /** Commands without a final state, in order of creation. */
  commands: CommandRecord[];
  batches: OpenBatch[];
  /** The number of readings in the log that are not in day files yet. */
  replayedReadings: number;
  replayMs: number;
  sqliteVersion: string;
}

/** A consumer of the commit log beside the seal, and its position. */
export interface CursorRecord {
  consumer: string;
  position: number;
}
