import type { DeviceIdentity } from './device.js';
import type { Scalar, SeriesKind } from './series.js';

/** One device's readings, ascending or descending by (ts, series). `from` is inclusive, `to` exclusive, both Unix ms. */
export interface ReadingsQuery {
  device: DeviceIdentity;
  /** The device's series that are wanted; day files know them by metric. */
  series: { id: number; metric: string; kind: SeriesKind }[];
  from: number;
  to: number;
  order: 'asc' | 'desc';
  limit: number;
  /** The last row of the page before; null: this is the first page. */
  after: { ts: number; series: number } | null;
  /** Width of the buckets that readings are summed up in; null: readings as they are. */
  everyMs: number | null;
}

export interface ReadingRow {
  series: number;
  ts: number;
  value: Scalar;
}

/** The bucket that begins at `ts`. Strings and booleans have only count, first and last. */
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

/** A page of readings or of buckets, never of both. */
export type ReadingsPage<Row extends ReadingRow | BucketRow = ReadingRow | BucketRow> = Row extends unknown
  ? PageOf<Row>
  : never;

/** A part of a day file that is damaged, so that its readings are not in an answer. */
export interface DamagedSpan {
  metric: string;
  /** The times of the first and the last reading that it had, Unix ms. */
  from: number;
  to: number;
}

interface PageOf<Row> {
  rows: Row[];
  /** Whether more rows follow. A page that took long ends before its limit. */
  more: boolean;
  damaged: DamagedSpan[];
}

export type RowFormat = 'json' | 'csv' | 'ndjson';

/** A page as text: JSON items with commas between, or whole lines. */
export interface RenderedPage {
  text: Uint8Array<ArrayBuffer>;
  rows: number;
  last: { ts: number; series: number } | null;
  more: boolean;
  damaged: DamagedSpan[];
}
