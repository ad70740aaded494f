import type { DeviceIdentity } from './device.js';
import type { Scalar, SeriesKind } from './series.js';

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
