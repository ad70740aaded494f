import { limits } from '../../../schemas/tables/limits.js';
import { createLatest } from '../../columns/latest.js';
import type { Declared } from '../../domain/declared.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import type { Fold } from '../logDb/fold.js';
import { foldParts } from '../logDb/foldParts.js';
import type { LogRow } from '../logDb/readRows.js';
import { createMarks } from './marks.js';

/** Gathers the contents of the sealed rows other than readings. */
export interface Folding {
  take(row: LogRow): void;
  /** A Fold in parts, as bytes. */
  parts(): Uint8Array<ArrayBuffer>[];
}

/** `series` has every series by its id. The series that a row declares must be added before the row is. */
export function createFolding(series: readonly SeriesRecord[]): Folding {
  const declared: Declared = { series: [], streams: [], tables: [] };
  const latest = createLatest();
  latest.reserve(series.length);
  const marks = createMarks();
  let last = { position: Number.POSITIVE_INFINITY, committedAt: Number.POSITIVE_INFINITY };
  const isString = (id: number): boolean => series[id].kind === seriesKinds.string;

  function fold(): Fold {
    return {
      series: declared.series,
      streams: declared.streams.filter(({ kept }) => kept).map((stream) => ({ ...stream, ...marks.of(stream.id) })),
      tables: declared.tables,
      latest: latest.columns(),
      ...marks.columns(),
      ...last,
    };
  }

  return {
    take(row) {
      if (row.declared !== null) {
        declared.series.push(...row.declared.series);
        declared.streams.push(...row.declared.streams);
        declared.tables.push(...row.declared.tables);
        latest.reserve(series.length);
      }
      const { position, committedAt } = row;
      last = { position, committedAt };
      marks.take(row.frames, committedAt);
      latest.take(row.readings, isString, committedAt + limits.timeAheadMaxMs);
    },
    parts: () => foldParts(fold(), isString),
  };
}
