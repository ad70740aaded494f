/**
 * dayFiles/ holds the files of one day: their tables, writing, merging, finishing, rollups. archiver/ decides when they
 * run.
 */
import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { codeOf } from '../../../schemas/errors.js';
import { type SeriesKind, type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { openMeta } from '../sqlite/meta.js';
import { NewerDataError, newEpoch } from '../sqlite/migrate.js';
import { versionOf } from '../sqlite/pragmas.js';
import { type Preparing, statement } from '../sqlite/statement.js';
import { dayText, removeDatabase } from './days.js';

/**
 * A day file: a plain SQLite file that can be read without the gateway and without any other file.
 *
 *   series   the series of the readings, with the device by name; (device_key, device_created_at) distinguish the owners of an id
 *   run_N    readings sorted by (series, ts): one run per seal, and a single one in a finished day. A boolean is 0 or 1
 *   runs     the run tables that count. A run table that it does not name is an unfinished merge, and is not read
 *   readings the view for people: device, metric, unit, ts (Unix ms), value
 *
 * No identity is in two runs, so the view is a plain UNION ALL, into whose arms SQLite pushes device, metric and time.
 */
const dayFileVersion = 1;

const busyTimeoutMs = 5_000;

const journalBytesMax = 64 * 1024 * 1024;

export const kindNames = { 0: 'number', 1: 'string', 2: 'boolean' } as const satisfies Record<SeriesKind, string>;

export type KindName = (typeof kindNames)[SeriesKind];

/** A run table. */
export interface Run {
  id: number;
  /** 0 for a run of a seal, n + 1 for a merge of runs of level n. */
  level: number;
  readings: number;
  tsMin: number;
  tsMax: number;
}

export const runTable = ({ id }: { id: number }): string => `run_${id}`;

export const createRunTable = (table: string): string =>
  `CREATE TABLE ${table} (series INTEGER NOT NULL, ts INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (series, ts)) WITHOUT ROWID`;

/** Makes the tables of a day file. `schema` is the name of an attached file, with a dot. */
export function createDaySchema(db: Database.Database, schema = ''): void {
  db.exec(`
    CREATE TABLE ${schema}meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE ${schema}series (
      id                INTEGER PRIMARY KEY,
      device            TEXT NOT NULL,
      metric            TEXT NOT NULL,
      unit              TEXT,
      kind              TEXT NOT NULL,
      device_key        INTEGER NOT NULL,
      device_created_at INTEGER NOT NULL,
      UNIQUE (device, metric, device_key, device_created_at, kind)
    );
    CREATE TABLE ${schema}runs (
      id        INTEGER PRIMARY KEY,
      level     INTEGER NOT NULL,
      readings  INTEGER NOT NULL,
      ts_min    INTEGER NOT NULL,
      ts_max    INTEGER NOT NULL,
      epoch     TEXT NOT NULL,
      position  INTEGER NOT NULL,
      sealed_at INTEGER NOT NULL
    );
    PRAGMA ${schema}user_version = ${dayFileVersion};
  `);
}

/** Opens a live or late file for its one writer. Makes the file if there is none, and leaves none if that fails, as on a full disk. */
export function openDayForWriting(path: string, day: number): Database.Database {
  const isNew = !existsSync(path);
  const db = new Database(path, { timeout: busyTimeoutMs });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    assert.equal(db.pragma('synchronous', { simple: true }), 2);
    db.pragma(`journal_size_limit = ${journalBytesMax}`);
    if (!hasSchema(db)) makeTables(db, day);
    checkDayVersion(db, path);
    return db;
  } catch (error) {
    db.close();
    if (isNew) removeDatabase(path);
    throw error;
  }
}

function makeTables(db: Database.Database, day: number): void {
  db.transaction(() => {
    createDaySchema(db);
    openMeta(db).set('day', dayText(day));
    openMeta(db).set('file', newEpoch());
    replaceView(db);
  })();
}

/** If a crash left an unfinished change of the file's header, the change is rolled back first, which needs a writable connection. */
export function openDayForReading(path: string): Database.Database {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
  try {
    checkDayVersion(db, path);
    return db;
  } catch (error) {
    db.close();
    if (codeOf(error) !== 'SQLITE_READONLY_ROLLBACK') throw error;
  }
  const writer = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs });
  try {
    checkDayVersion(writer, path);
  } finally {
    writer.close();
  }
  return openDayForReading(path);
}

/** False if a crash came before the file's first transaction. */
export const hasSchema = (db: Database.Database): boolean => versionOf(db) !== 0;

function checkDayVersion(db: Database.Database, path: string): void {
  const version = versionOf(db);
  if (version <= dayFileVersion) return;
  db.close();
  throw new NewerDataError(`${path} has version ${version}; this Tidegate knows up to ${dayFileVersion}`);
}

/** The runs that count, in order of their ids. */
export function readRuns(db: Preparing, schema = ''): Run[] {
  return statement<Run>(
    db,
    `SELECT id, level, readings, ts_min AS tsMin, ts_max AS tsMax FROM ${schema}runs ORDER BY id`,
  ).all();
}

/** Rewrites the view over the present runs. To be called in the transaction that changes them. */
export function replaceView(db: Database.Database, schema = ''): void {
  const arm = (run: Run): string =>
    `SELECT s.device, s.metric, s.unit, r.ts, r.value FROM series AS s JOIN ${runTable(run)} AS r ON r.series = s.id`;
  const runs = readRuns(db, schema);
  const body =
    runs.length === 0
      ? 'SELECT device, metric, unit, 0 AS ts, 0 AS value FROM series WHERE 0'
      : runs.map(arm).join(' UNION ALL ');
  db.exec(`DROP VIEW IF EXISTS ${schema}readings; CREATE VIEW ${schema}readings AS ${body};`);
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

export function readDaySeries(db: Database.Database): DaySeries[] {
  return statement<DaySeries>(db, `SELECT ${seriesColumns} FROM series ORDER BY id`).all();
}

/** A text that is unique per series in a day file, also if another device had the same id. */
export function seriesIdentity({ device, metric, kind, deviceKey, deviceCreatedAt }: DaySeries | SeriesRecord): string {
  const name = typeof kind === 'number' ? kindNames[kind] : kind;
  return JSON.stringify([device, metric, deviceKey, deviceCreatedAt, name]);
}

export const kindOfName = (name: KindName): SeriesKind => seriesKinds[name];
