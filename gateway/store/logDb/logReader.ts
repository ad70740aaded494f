import { join } from 'node:path';
import type { Declared, StreamRecord } from '../../domain/declared.js';
import type { SeriesRecord } from '../../domain/series.js';
import { openMeta } from '../sqlite/meta.js';
import { openForReading } from '../sqlite/openDatabase.js';
import { statement, tupleStatement } from '../sqlite/statement.js';
import { seriesColumns } from './folded.js';
import { decodeRow, type LogRow, rowColumns, type StoredRow } from './readRows.js';
import { decodeFrames } from './rowBlobs.js';

/** The number of rows per read if only their heads are needed. */
const headsPerSlice = 5_000;

/** The size of a row, without its content. */
export interface RowHead {
  position: number;
  /** Unix ms. */
  committedAt: number;
  readings: number;
  bytes: number;
}

/**
 * Reads the commit log for a consumer with a cursor, in another thread than the writer's. No snapshot outlives a call, so the
 * writer's checkpoints never wait for the consumer.
 */
export interface LogReader {
  /** Distinguishes this log from others, and from itself after a restore. */
  epoch(): string;
  /** The rows after a position, in order. Returns as many as fit into `bytesMax`, but at least one if there is one. */
  rows(after: number, bytesMax: number): LogRow[];
  /** The next rows after a position, at most 5,000. */
  heads(after: number): RowHead[];
  /** Unix ms of the first commit after a position, or null. */
  committedAfter(position: number): number | null;
  /** The number of frames of one row, and the names that the row declares. */
  contents(position: number): { frames: number; declared: Declared | null };
  /** The names that the existing rows after one position and up to another declare. */
  declaredIn(after: number, upTo: number): Generator<Declared>;
  /** The folded series with this id, or null. */
  series(id: number): SeriesRecord | null;
  /** The stream with this id that was folded or whose row was cut, or null. */
  stream(id: number): StreamRecord | null;
  close(): void;
}

export function openLogReader(folder: string): LogReader {
  const db = openForReading(join(folder, 'log.db'));
  const meta = openMeta(db);
  const rows = statement<StoredRow, [number]>(db, `SELECT ${rowColumns} FROM log WHERE position > ? ORDER BY position`);
  const heads = statement<RowHead, [number]>(
    db,
    `SELECT position, committed_at AS committedAt, readings, length(frames) + length(data) + ifnull(length(strings), 0) AS bytes
    FROM log WHERE position > ? ORDER BY position LIMIT ${headsPerSlice}`,
  );
  const first = statement<{ committedAt: number }, [number]>(
    db,
    'SELECT committed_at AS committedAt FROM log WHERE position > ? ORDER BY position LIMIT 1',
  );
  const declared = tupleStatement<[position: number, declared: string], [number, number]>(
    db,
    `SELECT position, declared FROM log WHERE position > ? AND position <= ? AND declared IS NOT NULL ORDER BY position LIMIT ${headsPerSlice}`,
  );
  const headers = statement<Pick<StoredRow, 'committedAt' | 'declared' | 'frames'>, [number]>(
    db,
    'SELECT committed_at AS committedAt, declared, frames FROM log WHERE position = ?',
  );
  const seriesById = statement<SeriesRecord, [number]>(db, `SELECT ${seriesColumns} FROM series WHERE id = ?`);
  const streamById = statement<Omit<StreamRecord, 'kept'> & { kept: number }, [{ id: number }]>(
    db,
    `SELECT id, device AS deviceKey, name, kept FROM stream_names WHERE id = :id
    UNION ALL SELECT id, device, name, 1 FROM streams WHERE id = :id LIMIT 1`,
  );

  return {
    epoch: () => meta.text('epoch') ?? '',
    rows(after, bytesMax) {
      const stored: StoredRow[] = [];
      let bytes = 0;
      for (const row of rows.iterate(after)) {
        stored.push(row);
        bytes += row.frames.length + row.data.length;
        if (bytes >= bytesMax) break;
      }
      return stored.map(decodeRow);
    },
    heads: (after) => heads.all(after),
    committedAfter: (position) => first.get(position)?.committedAt ?? null,
    contents(position) {
      const row = headers.get(position);
      if (row === undefined) return { frames: 0, declared: null };
      const { count } = decodeFrames(row.frames, row.committedAt);
      return { frames: count, declared: row.declared === null ? null : JSON.parse(row.declared) };
    },
    *declaredIn(after, upTo) {
      for (let last = after; ; ) {
        const slice = declared.all(last, upTo);
        for (const [, text] of slice) yield JSON.parse(text);
        if (slice.length < headsPerSlice) return;
        last = slice[slice.length - 1][0];
      }
    },
    series: (id) => seriesById.get(id) ?? null,
    stream(id) {
      const row = streamById.get({ id });
      return row === undefined ? null : { ...row, kept: row.kept === 1 };
    },
    close: () => void db.close(),
  };
}
