import { join } from 'node:path';
import type { Declared, StreamRecord } from '../../domain/declared.js';
import type { SeriesKind, SeriesRecord } from '../../domain/series.js';
import { openMeta } from '../sqlite/meta.js';
import { openForReading } from '../sqlite/openDatabase.js';
import { decodeFrames } from './logRow.js';
import { decodeRow, type LogRow, type StoredRow } from './logRows.js';

/** Read in one go where only the heads of rows are needed. */
const headsPerSlice = 5_000;

/** What a row takes, without its content. */
export interface RowHead {
  position: number;
  /** Unix ms. */
  committedAt: number;
  readings: number;
  bytes: number;
}

export type LogReader = ReturnType<typeof openLogReader>;

/**
 * The commit log for a consumer with a cursor of its own, from another thread than the writer's. No snapshot outlives a call, so
 * the writer's checkpoints go on whatever the consumer waits for.
 */
export function openLogReader(folder: string) {
  const db = openForReading(join(folder, 'log.db'));
  const meta = openMeta(db);
  const rows = db.prepare(
    'SELECT position, committed_at, declared, frames, strings, data FROM log WHERE position > ? ORDER BY position',
  );
  const heads = db.prepare(`
    SELECT position, committed_at AS committedAt, readings, length(frames) + length(data) + ifnull(length(strings), 0) AS bytes
    FROM log WHERE position > ? ORDER BY position LIMIT ${headsPerSlice}`);
  const committedAfter = db
    .prepare('SELECT committed_at FROM log WHERE position > ? ORDER BY position LIMIT 1')
    .pluck();
  const declared = db
    .prepare(
      `SELECT position, declared FROM log WHERE position > ? AND position <= ? AND declared IS NOT NULL ORDER BY position LIMIT ${headsPerSlice}`,
    )
    .raw();
  const headers = db.prepare('SELECT committed_at, declared, frames FROM log WHERE position = ?');
  const seriesById = db.prepare(
    'SELECT id, device AS deviceKey, device_id AS device, device_created_at AS deviceCreatedAt, metric, unit, kind FROM series WHERE id = ?',
  );
  const streamById = db.prepare(`
    SELECT id, device AS deviceKey, name, kept FROM stream_names WHERE id = :id
    UNION ALL SELECT id, device, name, 1 FROM streams WHERE id = :id LIMIT 1`);

  return {
    /** Tells this log from others, as from itself after a restore. */
    epoch: (): string => meta.text('epoch') ?? '',
    /** Whole rows after a position, as many as fit into so many bytes, but one at least where there is one. */
    rows(after: number, bytesMax: number): LogRow[] {
      const stored: StoredRow[] = [];
      let bytes = 0;
      for (const row of rows.iterate(after) as IterableIterator<StoredRow>) {
        stored.push(row);
        bytes += row.frames.length + row.data.length;
        if (bytes >= bytesMax) break;
      }
      return stored.map(decodeRow);
    },
    /** The next rows after a position, at most 5,000. */
    heads: (after: number): RowHead[] => heads.all(after) as RowHead[],
    /** Unix ms of the first commit after a position; null: there is none. */
    committedAfter: (position: number): number | null => (committedAfter.get(position) as number | undefined) ?? null,
    /** Frames of one row, and what it declares. */
    contents(position: number): { frames: number; declared: Declared | null } {
      const row = headers.get(position) as Pick<StoredRow, 'committed_at' | 'declared' | 'frames'> | undefined;
      if (row === undefined) return { frames: 0, declared: null };
      const { count } = decodeFrames(row.frames, row.committed_at);
      return { frames: count, declared: row.declared === null ? null : JSON.parse(row.declared) };
    },
    /** What rows that are still there declared, after one position and up to another. */
    *declaredIn(after: number, upTo: number): Generator<Declared> {
      for (let last = after; ; ) {
        const slice = declared.all(last, upTo) as [number, string][];
        for (const [, text] of slice) yield JSON.parse(text) as Declared;
        if (slice.length < headsPerSlice) return;
        last = slice[slice.length - 1][0];
      }
    },
    /** A series that was folded. */
    series(id: number): SeriesRecord | null {
      const row = seriesById.get(id) as SeriesRecord | undefined;
      return row === undefined ? null : { ...row, kind: row.kind as SeriesKind };
    },
    /** A stream whose row was cut, or that was folded. */
    stream(id: number): StreamRecord | null {
      const row = streamById.get({ id }) as (Omit<StreamRecord, 'kept'> & { kept: number }) | undefined;
      return row === undefined ? null : { ...row, kept: row.kept === 1 };
    },
    close: (): void => void db.close(),
  };
}
