import type Database from 'better-sqlite3';
import { limits } from '../../../schemas/tables/limits.js';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import { seriesKinds } from '../../domain/series.js';
import { clockStepBackMaxMs } from '../../process/clock.js';
import { type Meta, openMeta } from '../sqlite/meta.js';
import { bringHome } from '../sqlite/openDatabase.js';
import { openRowStatement } from '../sqlite/rowStatement.js';
import { columnStatement } from '../sqlite/statement.js';
import type { Fold } from './fold.js';

/**
 * The contents of sealed rows other than readings: series, latest values, marks of streams, metric tables, receipt times. These tables
 * are in log.db, so that the log is cut in the transaction that moves the sealed position, and so that an older registry beside it
 * undoes nothing. Every value here is a maximum or the last one, so folding twice is harmless. Times that a wrong clock set are brought
 * back when the clock is confirmed.
 */
export interface FoldTables {
  /** Stores a part of a fold. */
  fold(part: Fold): void;
  /** Removes all data of a device whose rows were sealed and cut. The file is rewritten, so that no free page has any of it. */
  forget(deviceKey: number): void;
  /** Notes that the readings of this day (since 1970) and of earlier ones may be removed for their age from now on. */
  noteExpired(day: number): void;
  /** From now on earlier commits are no evidence of the time, retention resumes, and later marks are brought back to this time. */
  confirmClock(at: number): void;
  /** Pauses retention until the clock is confirmed, also over restarts: later commits would make a wrong clock look right. */
  pauseRetention(why: string): void;
  /** Keeps by how many ms the clock has stepped ahead since it was confirmed. */
  clockStepped(aheadMs: number): void;
  /** Brings marks of time that are later than `at` back to it, and forgets latest values that lie further ahead than the rules allow. */
  bringBack(at: number): void;
}

const expiredName = 'expired_day';

/** The last day (since 1970) whose readings may have been removed for their age. A later one without its file has lost it. */
export const expiredDay = (meta: Meta): number => meta.number(expiredName);

export function openFoldTables(db: Database.Database): FoldTables {
  const meta = openMeta(db);
  const putSeries = db.prepare(`
    INSERT INTO series (id, device, device_id, device_created_at, metric, unit, kind) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET unit = excluded.unit`);
  const putTable = db.prepare('INSERT OR REPLACE INTO metric_tables (device, number, metrics) VALUES (?, ?, ?)');
  const trimTables = db.prepare(`
    DELETE FROM metric_tables WHERE device = :device AND id NOT IN (
      SELECT id FROM metric_tables WHERE device = :device ORDER BY id DESC LIMIT ${limits.metricTablesPerDeviceMax})`);
  const putReceipt = db.prepare(
    'INSERT INTO receipts (device, at) VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET at = max(at, excluded.at)',
  );
  const foldStreams = openStreamFold(db);
  const foldLatest = openLatestFold(db);

  const fold = db.transaction((part: Fold): void => {
    const { series, streams, tables, latest, marks, receipts } = part;
    for (const { id, deviceKey, device, deviceCreatedAt, metric, unit, kind } of series)
      putSeries.run(id, deviceKey, device, deviceCreatedAt, metric, unit, kind);
    foldStreams(streams, marks);
    for (const { deviceKey, table, metrics } of tables) putTable.run(deviceKey, table, JSON.stringify(metrics));
    for (const device of new Set(tables.map((table) => table.deviceKey))) trimTables.run({ device });
    receipts.device.forEach((device, i) => {
      putReceipt.run(device, receipts.at[i]);
    });
    foldLatest(latest);
    // Rows that were sealed when the clock was confirmed, and rows behind them, have times that a wrong clock set.
    const isOld = part.position <= meta.number('clock_position');
    const at = isOld ? meta.number('newest_commit_at') : part.committedAt;
    if (hasTimesAfter(part, at)) bringBack(at);
  });

  const forgetRows = ['series', 'streams', 'stream_names', 'metric_tables', 'receipts', 'quarantine'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE device = ?`),
  );
  const forgetLatest = db.prepare('DELETE FROM latest WHERE series IN (SELECT id FROM series WHERE device = ?)');
  const last = columnStatement<number | null>(db, 'SELECT max(position) FROM log');
  const backwards = [
    'UPDATE receipts SET at = :at WHERE at > :at',
    'UPDATE streams SET used_at = :at WHERE used_at > :at',
    `DELETE FROM latest WHERE ts > :at + ${limits.timeAheadMaxMs}`,
  ].map((sql) => db.prepare<{ at: number }>(sql));

  function bringBack(at: number): void {
    for (const marks of backwards) marks.run({ at });
  }

  return {
    fold: (part) => fold.immediate(part),
    forget(deviceKey) {
      db.transaction(() => {
        forgetLatest.run(deviceKey);
        for (const rows of forgetRows) rows.run(deviceKey);
      }).immediate();
      db.exec('VACUUM');
      bringHome(db, 'log.db');
    },
    noteExpired: (day) => meta.set(expiredName, Math.max(day, meta.number(expiredName))),
    confirmClock: db.transaction((at: number): void => {
      meta.set('clock_position', Math.max(last.get() ?? 0, meta.number('sealed_position')));
      meta.set('newest_commit_at', at);
      meta.remove('retention_paused');
      meta.remove('clock_stepped_ahead_ms');
      bringBack(at);
    }).immediate,
    pauseRetention: (why) => meta.set('retention_paused', why),
    clockStepped: (aheadMs) => meta.set('clock_stepped_ahead_ms', Math.round(aheadMs)),
    bringBack: db.transaction(bringBack).immediate,
  };
}

/** Whether a receipt or a reading of the part lies further after this time than a clock in order makes possible. */
function hasTimesAfter({ receipts, marks, latest }: Fold, at: number): boolean {
  const isLate = (time: number): boolean => time > at + clockStepBackMaxMs;
  return (
    receipts.at.some(isLate) || marks.usedAt.some(isLate) || latest.ts.some((ts) => ts > at + limits.timeAheadMaxMs)
  );
}

/** Stores new streams and marks. Only the last used streams of a device are kept. */
function openStreamFold(db: Database.Database): (streams: Fold['streams'], marks: Fold['marks']) => void {
  const putStream = db.prepare(
    'INSERT INTO streams (id, device, name, mark, used_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const trimStreams = db.prepare(`
    DELETE FROM streams WHERE device = :device AND id NOT IN (
      SELECT id FROM streams WHERE device = :device ORDER BY used_at DESC, id DESC LIMIT ${limits.streamsPerDeviceMax})`);
  const putMark = openRowStatement(
    db,
    (rows) => `
      WITH new (stream, mark, used_at) AS (VALUES ${rows})
      UPDATE streams SET mark = max(streams.mark, new.mark), used_at = max(streams.used_at, new.used_at)
      FROM new WHERE streams.id = new.stream`,
  );
  return (streams, marks) => {
    for (const { id, deviceKey, name, mark, usedAt } of streams) putStream.run(id, deviceKey, name, mark, usedAt);
    for (const device of new Set(streams.map((stream) => stream.deviceKey))) trimStreams.run({ device });
    marks.stream.forEach((stream, i) => {
      putMark.add(stream, marks.mark[i], marks.usedAt[i]);
    });
    putMark.finish();
  };
}

/** Stores latest values. The value of a series with strings is an index into `strings`. */
function openLatestFold(db: Database.Database): (latest: ReadingColumns) => void {
  const putLatest = openRowStatement(
    db,
    (rows) => `
      INSERT INTO latest (series, ts, value) VALUES ${rows}
      ON CONFLICT (series) DO UPDATE SET ts = excluded.ts, value = excluded.value WHERE excluded.ts > latest.ts`,
  );
  const kinds = columnStatement<number, [number]>(db, 'SELECT kind FROM series WHERE id = ?');
  return ({ readings, series, ts, value, strings }) => {
    for (let i = 0; i < readings; i++) {
      const isString = strings.length > 0 && kinds.get(series[i]) === seriesKinds.string;
      putLatest.add(series[i], ts[i], isString ? strings[value[i]] : value[i]);
    }
    putLatest.finish();
  };
}
