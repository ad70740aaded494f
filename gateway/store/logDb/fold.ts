import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { MarkedStream, MetricTableRecord } from '../../domain/declared.js';
import type { SeriesRecord } from '../../domain/series.js';

/** The contents of sealed rows that stay in log.db when the rows are cut. Times are Unix ms. The columns of a part have one length. */
export interface Fold {
  series: SeriesRecord[];
  /** Newly declared streams. */
  streams: MarkedStream[];
  tables: MetricTableRecord[];
  latest: ReadingColumns;
  marks: { stream: Uint32Array<ArrayBuffer>; mark: Uint32Array<ArrayBuffer>; usedAt: Float64Array<ArrayBuffer> };
  receipts: { device: Uint32Array<ArrayBuffer>; at: Float64Array<ArrayBuffer> };
  /** The last of the rows, and when it was committed. Times beyond that were set by a clock that was wrong. */
  position: number;
  committedAt: number;
}

export const emptyFold = (): Fold => ({
  series: [],
  streams: [],
  tables: [],
  latest: { readings: 0, series: new Uint32Array(), ts: new Float64Array(), value: new Float64Array(), strings: [] },
  marks: { stream: new Uint32Array(), mark: new Uint32Array(), usedAt: new Float64Array() },
  receipts: { device: new Uint32Array(), at: new Float64Array() },
  position: Number.POSITIVE_INFINITY,
  committedAt: Number.POSITIVE_INFINITY,
});
