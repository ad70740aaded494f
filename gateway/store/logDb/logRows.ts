import type Database from 'better-sqlite3';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { Declared } from '../../domain/declared.js';
import { decodeFrames, decodeReadings, type FrameColumns, stringsOf } from './logRow.js';

export interface LogRow {
  position: number;
  committedAt: number;
  declared: Declared | null;
  frames: FrameColumns;
  readings: ReadingColumns;
}

export interface StoredRow {
  position: number;
  committed_at: number;
  declared: string | null;
  frames: Buffer;
  strings: string | null;
  data: Buffer;
}

/** The rows of the commit log after a position, read in short transactions, so that no snapshot is held. */
export function* logRows(db: Database.Database, after: number): Generator<LogRow> {
  const next = db.prepare(
    'SELECT position, committed_at, declared, frames, strings, data FROM log WHERE position > ? ORDER BY position LIMIT 64',
  );
  for (let last = after; ; ) {
    const rows = next.all(last) as StoredRow[];
    if (rows.length === 0) return;
    for (const row of rows) yield decodeRow(row);
    last = rows[rows.length - 1].position;
  }
}

export function decodeRow({ position, committed_at: committedAt, declared, frames, strings, data }: StoredRow): LogRow {
  const readings = decodeReadings(data);
  readings.strings = stringsOf(strings);
  return {
    position,
    committedAt,
    declared: declared === null ? null : (JSON.parse(declared) as Declared),
    frames: decodeFrames(frames, committedAt),
    readings,
  };
}
