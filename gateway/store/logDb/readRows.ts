import type Database from 'better-sqlite3';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { Declared } from '../../domain/declared.js';
import { statement } from '../sqlite/statement.js';
import { decodeFrames, decodeReadings, type FrameColumns, stringsOf } from './rowBlobs.js';

/** A row of the commit log: one commit. */
export interface LogRow {
  position: number;
  /** Unix ms. */
  committedAt: number;
  /** The names that are used for the first time, or null. */
  declared: Declared | null;
  frames: FrameColumns;
  readings: ReadingColumns;
}

/** A row in its stored form. rowBlobs.ts describes its blobs. */
export interface StoredRow {
  position: number;
  committedAt: number;
  declared: string | null;
  frames: Buffer;
  strings: string | null;
  data: Buffer;
}

/** The columns of a StoredRow. */
export const rowColumns = 'position, committed_at AS committedAt, declared, frames, strings, data';

const rowsPerSlice = 64;

/** The rows of the commit log after a position, read in short transactions, so that no snapshot is held. */
export function* logRows(db: Database.Database, after: number): Generator<LogRow> {
  const next = statement<StoredRow, [number]>(
    db,
    `SELECT ${rowColumns} FROM log WHERE position > ? ORDER BY position LIMIT ${rowsPerSlice}`,
  );
  for (let last = after; ; ) {
    const rows = next.all(last);
    if (rows.length === 0) return;
    for (const row of rows) yield decodeRow(row);
    last = rows[rows.length - 1].position;
  }
}

export function decodeRow({ position, committedAt, declared, frames, strings, data }: StoredRow): LogRow {
  const readings = decodeReadings(data);
  readings.strings = stringsOf(strings);
  return {
    position,
    committedAt,
    declared: declared === null ? null : JSON.parse(declared),
    frames: decodeFrames(frames, committedAt),
    readings,
  };
}
