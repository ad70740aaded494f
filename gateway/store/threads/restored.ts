import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { CommandRecord, OpenBatch } from '../../domain/command.js';
import type { MarkedStream, MetricTableRecord } from '../../domain/declared.js';
import type { Device, DeviceIdentity } from '../../domain/device.js';
import type { KeyRecord } from '../../domain/operators.js';
import type { PresenceRecord } from '../../domain/presence.js';
import type { SeriesRecord } from '../../domain/series.js';

/** What the main thread needs of the past: everything but the readings. Times are Unix ms. */
export interface Restored {
  devices: Device[];
  keys: KeyRecord[];
  presence: PresenceRecord[];
  series: SeriesRecord[];
  /** The newest reading of each series. */
  latest: ReadingColumns;
  streams: MarkedStream[];
  tables: MetricTableRecord[];
  /** The newest time of receipt per device. */
  receipts: { device: Uint32Array; at: Float64Array };
  nextSeriesId: number;
  nextStreamId: number;
  nextDeviceKey: number;
  /** The newest commit that is evidence of the time; 0: none. */
  newestCommitAt: number;
  /** Why nothing may be removed for its age; null: it may. */
  retentionPaused: string | null;
  /** Everything up to this position is in day files. */
  sealedPosition: number;
  /** The last commit in the log. */
  position: number;
  cursors: CursorRecord[];
  /** Removed devices whose readings are not yet out of every file. */
  erasures: DeviceIdentity[];
  /** Commands that have not ended, in order of creation. */
  commands: CommandRecord[];
  batches: OpenBatch[];
  /** Readings of the log that are not in day files yet. */
  replayedReadings: number;
  replayMs: number;
  sqliteVersion: string;
}

/** A consumer that reads the commit log beside the seal, and the last position that it is done with. */
export interface CursorRecord {
  consumer: string;
  position: number;
}
