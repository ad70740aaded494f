import type Database from 'better-sqlite3';
import { type SeriesKind, type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { createChunkTables, createChunkViews } from '../chunks/chunkTable.js';
import { columnStatement, type Preparing, statement } from '../sqlite/statement.js';

/**
 * A day file: a plain SQLite file that can be read without the gateway and without any other file.
 *
 *   series   the series of the readings, with the device by name; (device_key, device_created_at) distinguish the owners of an id
 *   chunk    readings, packed (chunks/chunk.ts), by run: one run per seal, and a single one in a finished day. Damaged chunks that
 *            other chunks overlap are moved to a run of their own
 *   runs     the runs that count. Chunks of a run that it does not name are an unfinished merge, and are not read
 *   readings the view for people: device, metric, unit, ts (Unix ms), value
 *   chunks   the view of what is known of each chunk without unpacking it
 *
 * No identity is in two runs. Version 1, of Tidegate 0.1, has a row per reading instead, in a table per run: see rowRuns.ts. Such a file
 * is read as it is, and packed when it is written to or made anew.
 */
export const dayFileVersion = 2;

export const kindNames = { 0: 'number', 1: 'string', 2: 'boolean' } as const satisfies Record<SeriesKind, string>;

export type KindName = (typeof kindNames)[SeriesKind];

/** The readings of one seal, or of a merge of such runs. */
export interface Run {
  id: number;
  /** 0 for a run of a seal, n + 1 for a merge of runs of level n. */
  level: number;
  readings: number;
  tsMin: number;
  tsMax: number;
}

/** The series of a day file or a rollup, which are found by device and metric. */
export const seriesTable = `CREATE TABLE series (
    id                INTEGER PRIMARY KEY,
    device            TEXT NOT NULL,
    metric            TEXT NOT NULL,
    unit              TEXT,
    kind              TEXT NOT NULL,
    device_key        INTEGER NOT NULL,
    device_created_at INTEGER NOT NULL,
    UNIQUE (device, metric, device_key, device_created_at, kind)
  );`;

/** Makes the tables of an empty day file. */
export function createDaySchema(db: Database.Database): void {
  db.exec(`
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    ${seriesTable}
    CREATE TABLE runs (
      id        INTEGER PRIMARY KEY,
      level     INTEGER NOT NULL,
      readings  INTEGER NOT NULL,
      ts_min    INTEGER NOT NULL,
      ts_max    INTEGER NOT NULL,
      epoch     TEXT NOT NULL,
      position  INTEGER NOT NULL,
      sealed_at INTEGER NOT NULL
    );
    PRAGMA user_version = ${dayFileVersion};
  `);
  createChunkTables(db);
  createChunkViews(db);
}

/** Whether the file is of version 1, with a row per reading. */
export const isOfRows = (db: Preparing, schema = ''): boolean =>
  columnStatement<number>(db, `PRAGMA ${schema}user_version`).get() === 1;

/** The runs that count, in order of their ids. */
export function readRuns(db: Preparing, schema = ''): Run[] {
  return statement<Run>(
    db,
    `SELECT id, level, readings, ts_min AS tsMin, ts_max AS tsMax FROM ${schema}runs ORDER BY id`,
  ).all();
}

/** A series in a day file. */
export interface DaySeries {
  /** The file's own id. */
  id: number;
  device: string;
  metric: string;
  unit: string | null;
  kind: KindName;
  deviceKey: number;
  deviceCreatedAt: number;
}

const seriesColumns = 'id, device, metric, unit, kind, device_key AS deviceKey, device_created_at AS deviceCreatedAt';

/** The kind of each series. */
export function kindsOf(db: Database.Database): Map<number, SeriesKind> {
  return new Map(readDaySeries(db).map(({ id, kind }) => [id, kindOfName(kind)]));
}

export function readDaySeries(db: Database.Database): DaySeries[] {
  return statement<DaySeries>(db, `SELECT ${seriesColumns} FROM series ORDER BY id`).all();
}

/** A text that is unique per series in a day file, also if another device had the same id. */
export function seriesIdentity({ device, metric, kind, deviceKey, deviceCreatedAt }: DaySeries | SeriesRecord): string {
  const name = typeof kind === 'number' ? kindNames[kind] : kind;
  return JSON.stringify([device, metric, deviceKey, deviceCreatedAt, name]);
}

export const kindOfName = (name: KindName): SeriesKind => seriesKinds[name];
