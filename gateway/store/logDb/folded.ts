import type Database from 'better-sqlite3';
import type { MarkedStream, MetricTableRecord } from '../../domain/declared.js';
import type { SeriesRecord } from '../../domain/series.js';
import { openMeta } from '../sqlite/meta.js';
import { columnStatement, statement, tupleStatement } from '../sqlite/statement.js';

/** The folded contents of log.db (foldTables.ts). Times are Unix ms. */
export interface Folded {
  sealedPosition: number;
  /** Why retention is paused, or null. */
  retentionPaused: string | null;
  /** By how many ms the clock has stepped ahead since it was confirmed. */
  clockSteppedAheadMs: number;
  /** The newest commit that is evidence of the time, or 0. */
  newestCommitAt: number;
  /** Commits up to this position are no evidence of the time, because an operator confirmed the clock after them. */
  clockPosition: number;
  /** In order of their ids. */
  series: SeriesRecord[];
  latest: [series: number, ts: number, value: number | string][];
  streams: MarkedStream[];
  tables: MetricTableRecord[];
  receipts: [device: number, at: number][];
}

export function readFolded(db: Database.Database): Folded {
  const meta = openMeta(db);
  const streams = statement<Omit<MarkedStream, 'kept'>>(
    db,
    'SELECT id, device AS deviceKey, name, mark, used_at AS usedAt FROM streams ORDER BY id',
  );
  const tables = statement<{ deviceKey: number; table: number; metrics: string }>(
    db,
    'SELECT device AS deviceKey, number AS "table", metrics FROM metric_tables ORDER BY id',
  );
  return {
    sealedPosition: meta.number('sealed_position'),
    retentionPaused: meta.text('retention_paused'),
    clockSteppedAheadMs: meta.number('clock_stepped_ahead_ms'),
    newestCommitAt: newestCommitAt(db),
    clockPosition: meta.number('clock_position'),
    series: readSeries(db),
    latest: tupleStatement<Folded['latest'][number]>(db, 'SELECT series, ts, value FROM latest ORDER BY series').all(),
    streams: streams.all().map((stream) => ({ ...stream, kept: true })),
    tables: tables.all().map(({ metrics, ...table }) => ({ ...table, metrics: JSON.parse(metrics) })),
    receipts: tupleStatement<Folded['receipts'][number]>(db, 'SELECT device, at FROM receipts').all(),
  };
}

/** Unix ms of the newest commit that is evidence of the time, or 0. */
export function newestCommitAt(db: Database.Database): number {
  const meta = openMeta(db);
  const inLog = columnStatement<number | null, [number]>(db, 'SELECT max(committed_at) FROM log WHERE position > ?');
  return Math.max(meta.number('newest_commit_at'), inLog.get(meta.number('clock_position')) ?? 0);
}

/** The columns of a SeriesRecord. */
export const seriesColumns =
  'id, device AS deviceKey, device_id AS device, device_created_at AS deviceCreatedAt, metric, unit, kind';

/** The series that were folded, in order of their ids. */
export function readSeries(db: Database.Database): SeriesRecord[] {
  return statement<SeriesRecord>(db, `SELECT ${seriesColumns} FROM series ORDER BY id`).all();
}
