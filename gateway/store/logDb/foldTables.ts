import type Database from 'better-sqlite3';
import { limits } from '../../../schemas/tables/limits.js';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { Declared, MetricTableRecord } from '../../domain/declared.js';
import { type SeriesKind, type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { openMeta } from '../sqlite/meta.js';
import { bringHome } from '../sqlite/openDatabase.js';
import { openRowStatement } from '../sqlite/rowStatement.js';
import type { Fold, Restored } from '../threads/calls.js';
import { openCursorTable } from './cursorTable.js';

/** Rows deleted from the log in one go: a commit waits for no more than this. */
const cutRowsMax = 2_000;

const cutBytesMax = 4 * 1024 * 1024;

/**
 * What the sealed rows of the log said, but for the readings: series, newest values, marks of streams, metric tables, times of
 * receipt. They lie in log.db, so that the log is cut in the transaction that moves the sealed position, and so that an older
 * registry beside it takes nothing back. Every rule here is a maximum or a last word, so folding twice is harmless.
 */
export function openFoldTables(db: Database.Database) {
  const meta = openMeta(db);
  const putSeries = db.prepare(`
    INSERT INTO series (id, device, device_id, device_created_at, metric, unit, kind) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET unit = excluded.unit`);
  const putLatest = openRowStatement(
    db,
    (rows) => `
      INSERT INTO latest (series, ts, value) VALUES ${rows}
      ON CONFLICT (series) DO UPDATE SET ts = excluded.ts, value = excluded.value WHERE excluded.ts > latest.ts`,
  );
  const putStream = db.prepare(
    'INSERT INTO streams (id, device, name, mark, used_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const forgetStreams = db.prepare(`
    DELETE FROM streams WHERE device = :device AND id NOT IN (
      SELECT id FROM streams WHERE device = :device ORDER BY used_at DESC, id DESC LIMIT ${limits.streamsPerDeviceMax})`);
  const putMark = openRowStatement(
    db,
    (rows) => `
      WITH new (stream, mark, used_at) AS (VALUES ${rows})
      UPDATE streams SET mark = max(streams.mark, new.mark), used_at = max(streams.used_at, new.used_at)
      FROM new WHERE streams.id = new.stream`,
  );
  const putTable = db.prepare('INSERT OR REPLACE INTO metric_tables (device, number, metrics) VALUES (?, ?, ?)');
  const forgetTables = db.prepare(`
    DELETE FROM metric_tables WHERE device = :device AND id NOT IN (
      SELECT id FROM metric_tables WHERE device = :device ORDER BY id DESC LIMIT ${limits.metricTablesPerDeviceMax})`);
  const putReceipt = db.prepare(
    'INSERT INTO receipts (device, at) VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET at = max(at, excluded.at)',
  );
  const cursors = openCursorTable(db);
  const doneRows = db.prepare(
    `SELECT position, committed_at, declared, length(data) AS bytes FROM log WHERE position <= ? ORDER BY position LIMIT ${cutRowsMax}`,
  );
  const committedAt = db.prepare('SELECT committed_at FROM log WHERE position = ?').pluck();
  const deleteRows = db.prepare('DELETE FROM log WHERE position <= ?');

  function foldSeries(series: readonly SeriesRecord[]): void {
    for (const { id, deviceKey, device, deviceCreatedAt, metric, unit, kind } of series)
      putSeries.run(id, deviceKey, device, deviceCreatedAt, metric, unit, kind);
  }

  const fold = db.transaction(({ series, streams, tables, latest, marks, receipts }: Fold): void => {
    foldSeries(series);
    for (const { id, deviceKey, name, mark, usedAt } of streams) putStream.run(id, deviceKey, name, mark, usedAt);
    for (const device of new Set(streams.map((stream) => stream.deviceKey))) forgetStreams.run({ device });
    marks.stream.forEach((stream, i) => {
      putMark.add(stream, marks.mark[i], marks.usedAt[i]);
    });
    putMark.finish();
    for (const { deviceKey, table, metrics } of tables) putTable.run(deviceKey, table, JSON.stringify(metrics));
    for (const device of new Set(tables.map((table) => table.deviceKey))) forgetTables.run({ device });
    receipts.device.forEach((device, i) => {
      putReceipt.run(device, receipts.at[i]);
    });
    foldLatest(latest);
  });

  /** A value that indexes `strings` is a string's, as the caller of createLatest().columns() leaves them. */
  function foldLatest({ readings, series, ts, value, strings }: ReadingColumns): void {
    const kinds = strings.length === 0 ? null : db.prepare('SELECT kind FROM series WHERE id = ?').pluck();
    for (let i = 0; i < readings; i++) {
      const isString = kinds?.get(series[i]) === seriesKinds.string;
      putLatest.add(series[i], ts[i], isString ? strings[value[i]] : value[i]);
    }
    putLatest.finish();
  }

  /**
   * Sealed rows may wait for a cursor, and a start looks only at those that are not sealed: the last one's time is kept at once.
   * The others are at most a minute later, since a gateway whose clock is further behind takes nothing in.
   */
  function moveSealed(position: number): void {
    if (meta.number('sealed_position') >= position) return;
    meta.set('sealed_position', position);
    const at = (committedAt.get(position) as number | undefined) ?? 0;
    if (position > meta.number('clock_position') && at > meta.number('newest_commit_at'))
      meta.set('newest_commit_at', at);
  }

  const cut = db.transaction((position: number): boolean => {
    moveSealed(position);
    const lowest = cursors.lowest();
    const done = Math.min(meta.number('sealed_position'), lowest ?? Number.POSITIVE_INFINITY);
    const rows = doneRows.all(done) as DoneRow[];
    let last = 0;
    let newest = meta.number('newest_commit_at');
    const confirmed = meta.number('clock_position');
    for (let i = 0, bytes = 0; i < rows.length && bytes < cutBytesMax; bytes += rows[i++].bytes) {
      last = rows[i].position;
      if (last > confirmed) newest = Math.max(newest, rows[i].committed_at);
      if (lowest !== null && rows[i].declared !== null)
        cursors.keepNames((JSON.parse(rows[i].declared as string) as Declared).streams);
    }
    if (rows.length === 0) return true;
    meta.set('newest_commit_at', newest);
    deleteRows.run(last);
    return last === rows[rows.length - 1].position && rows.length < cutRowsMax;
  });

  const forget = ['series', 'streams', 'stream_names', 'metric_tables', 'receipts', 'quarantine'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE device = ?`),
  );
  const forgetLatest = db.prepare('DELETE FROM latest WHERE series IN (SELECT id FROM series WHERE device = ?)');

  return {
    /** Everything of a device whose rows were sealed and cut. The file is made anew, so that no free page remembers it. */
    forget(deviceKey: number): void {
      db.transaction(() => {
        forgetLatest.run(deviceKey);
        for (const table of forget) table.run(deviceKey);
      }).immediate();
      db.exec('VACUUM');
      bringHome(db, 'log.db');
    },
    /** Commits up to now say nothing about the time any more. */
    confirmClock: db.transaction((at: number): void => {
      const last = db.prepare('SELECT max(position) FROM log').pluck().get() as number | null;
      meta.set('clock_position', Math.max(last ?? 0, meta.number('sealed_position')));
      meta.set('newest_commit_at', at);
      meta.remove('retention_paused');
    }).immediate,
    /** Holds over restarts, until the clock is confirmed: what is committed meanwhile would make a wrong clock look right. */
    pauseRetention: (why: string): void => meta.set('retention_paused', why),
    fold: (part: Fold): void => fold.immediate(part),
    foldSeries: db.transaction(foldSeries).immediate,
    cut: (position: number): boolean => cut.immediate(position),
  };
}

interface DoneRow {
  position: number;
  committed_at: number;
  declared: string | null;
  bytes: number;
}

export type Folded = ReturnType<typeof readFolded>;

export function readFolded(db: Database.Database) {
  const meta = openMeta(db);
  const streams = db
    .prepare('SELECT id, device AS deviceKey, name, mark, used_at AS usedAt FROM streams ORDER BY id')
    .all() as Omit<Restored['streams'][number], 'kept'>[];
  const tables = db
    .prepare('SELECT device AS deviceKey, number AS "table", metrics FROM metric_tables ORDER BY id')
    .all();
  return {
    sealedPosition: meta.number('sealed_position'),
    retentionPaused: meta.text('retention_paused'),
    newestCommitAt: newestCommitAt(db),
    /** Commits up to this one were made before someone confirmed the clock. */
    clockPosition: meta.number('clock_position'),
    series: readSeries(db),
    latest: db.prepare('SELECT series, ts, value FROM latest ORDER BY series').raw().all() as [
      number,
      number,
      number | string,
    ][],
    streams: streams.map((stream) => ({ ...stream, kept: true })),
    tables: (tables as { deviceKey: number; table: number; metrics: string }[]).map(
      ({ metrics, ...table }): MetricTableRecord => ({ ...table, metrics: JSON.parse(metrics) }),
    ),
    receipts: db.prepare('SELECT device, at FROM receipts').raw().all() as [number, number][],
  };
}

/** Unix ms of the newest commit that says something about the time; 0: none. */
export function newestCommitAt(db: Database.Database): number {
  const meta = openMeta(db);
  const inLog = db
    .prepare('SELECT max(committed_at) FROM log WHERE position > ?')
    .pluck()
    .get(meta.number('clock_position'));
  return Math.max(meta.number('newest_commit_at'), (inLog as number | null) ?? 0);
}

export function readSeries(db: Database.Database): SeriesRecord[] {
  return (
    db
      .prepare(
        'SELECT id, device AS deviceKey, device_id AS device, device_created_at AS deviceCreatedAt, metric, unit, kind FROM series ORDER BY id',
      )
      .all() as SeriesRecord[]
  ).map((series) => ({ ...series, kind: series.kind as SeriesKind }));
}
