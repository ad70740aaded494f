import type Database from 'better-sqlite3';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import { decodeRow, rowColumns, type StoredRow } from '../logDb/readRows.js';
import { statement } from '../sqlite/statement.js';

/** Times of readings, in order of their series. */
export interface SeriesTimes {
  series: Uint32Array;
  /** Unix ms. */
  ts: Float64Array;
}

const recentMs = 120_000;
const recentReadingsMax = 250_000;

/**
 * The times of the readings that were committed last, also of rows that are sealed and not cut yet, and the newest time of each
 * series. The gateway keeps the times that it makes up apart from them (ingest/ages.ts).
 */
export function readRecentTimes(db: Database.Database, latest: ReadingColumns): SeriesTimes {
  const found: [series: number, ts: number][] = [];
  let newestAt: number | null = null;
  const rows = statement<StoredRow>(db, `SELECT ${rowColumns} FROM log ORDER BY position DESC`);
  for (const row of rows.iterate()) {
    newestAt ??= row.committedAt;
    if (Math.abs(newestAt - row.committedAt) > recentMs || found.length > recentReadingsMax) break;
    const { readings } = decodeRow(row);
    for (let i = 0; i < readings.readings; i++) found.push([readings.series[i], readings.ts[i]]);
  }
  for (let i = 0; i < latest.readings; i++) found.push([latest.series[i], latest.ts[i]]);
  found.sort(([a], [b]) => a - b);
  return { series: Uint32Array.from(found, ([id]) => id), ts: Float64Array.from(found, ([, ts]) => ts) };
}
