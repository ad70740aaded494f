import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type SeriesKind, type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { openMeta } from '../sqlite/meta.js';
import { NewerDataError, newEpoch } from '../sqlite/migrate.js';
import { dayText } from './days.js';

/**
 * A day file: plain SQLite that says all it holds by itself.
 *
 *   series   whose the readings are, by name; (device_key, device_created_at) tell the owners of an id apart
 *   run_N    readings sorted by (series, ts), a run from each seal; a finished day has one. A boolean is 0 or 1
 *   runs     which run tables count. One that it does not name is half a merge, and nobody reads it
 *   readings the view for people: device, metric, unit, ts (Unix ms), value
 *
 * No identity is in two runs, so the view is a plain UNION ALL, into whose arms SQLite pushes device, metric and time.
 */
const dayFileVersion = 1;

const busyTimeoutMs = 5_000;

const journalBytesMax = 64 * 1024 * 1024;

export const kindNames = { 0: 'number', 1: 'string', 2: 'boolean' } as const satisfies Record<SeriesKind, string>;

export type KindName = (typeof kindNames)[SeriesKind];

export interface Run {
  id: number;
  /** 0 from a seal; a merge of level n is of level n + 1. */
  level: number;
  readings: number;
  tsMin: number;
  tsMax: number;
}

export const runTable = ({ id }: { id: number }): string => `run_${id}`;

export const createRunTable = (table: string): string =>
  `CREATE TABLE ${table} (series INTEGER NOT NULL, ts INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (series, ts)) WITHOUT ROWID`;

/** `schema` is that of an attached file, with its dot. */
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

/** Opens a live or late file for its one writer, making it where there is none. */
export function openDayForWriting(path: string, day: number): Database.Database {
  const isNew = !existsSync(path);
  const db = new Database(path, { timeout: busyTimeoutMs });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  assert.equal(db.pragma('synchronous', { simple: true }), 2);
  db.pragma(`journal_size_limit = ${journalBytesMax}`);
  if (isNew || !hasSchema(db)) {
    db.transaction(() => {
      createDaySchema(db);
      openMeta(db).set('day', dayText(day));
      openMeta(db).set('file', newEpoch());
      replaceView(db);
    })();
  }
  checkDayVersion(db, path);
  return db;
}

/** What a crash left of a change to its header, as when a day was being finished, is rolled back first: that takes a writer. */
export function openDayForReading(path: string): Database.Database {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
  try {
    checkDayVersion(db, path);
    return db;
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code !== 'SQLITE_READONLY_ROLLBACK') throw error;
  }
  const writer = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs });
  try {
    checkDayVersion(writer, path);
  } finally {
    writer.close();
  }
  return openDayForReading(path);
}

/** Not before its first transaction, which a crash may have forestalled. */
export const hasSchema = (db: Database.Database): boolean => db.pragma('user_version', { simple: true }) !== 0;

function checkDayVersion(db: Database.Database, path: string): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version <= dayFileVersion) return;
  db.close();
  throw new NewerDataError(`${path} has version ${version}; this Tidegate knows up to ${dayFileVersion}`);
}

export function readRuns(db: { prepare(sql: string): Database.Statement }, schema = ''): Run[] {
  return db
    .prepare(`SELECT id, level, readings, ts_min AS tsMin, ts_max AS tsMax FROM ${schema}runs ORDER BY id`)
    .all() as Run[];
}

/** The view over the runs there are now; to be called in the transaction that changes them. */
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

/** A series as a day file has it. */
export interface DaySeries {
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
  return db.prepare(`SELECT ${seriesColumns} FROM series ORDER BY id`).all() as DaySeries[];
}

/** Tells a series from all others in a day file, also from those of another device that had the id. */
export function seriesIdentity({ device, metric, kind, deviceKey, deviceCreatedAt }: DaySeries | SeriesRecord): string {
  const name = typeof kind === 'number' ? kindNames[kind] : kind;
  return JSON.stringify([device, metric, deviceKey, deviceCreatedAt, name]);
}

export const kindOfName = (name: KindName): SeriesKind => seriesKinds[name];
