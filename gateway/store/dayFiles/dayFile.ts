/**
 * dayFiles/ holds the files of one day: their tables, writing, merging, finishing, rollups. archiver/ decides when they
 * run.
 */
import { strict as assert } from 'node:assert';
import { existsSync, renameSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf } from '../../../schemas/errors.js';
import { openMeta } from '../sqlite/meta.js';
import { NewerDataError, newEpoch } from '../sqlite/migrate.js';
import { versionOf } from '../sqlite/pragmas.js';
import { columnStatement } from '../sqlite/statement.js';
import { syncPath } from '../sqlite/syncPath.js';
import { inFile, NoDayFileError } from './damage.js';
import { dayText, removeDatabase } from './days.js';
import { createDaySchema, dayFileVersion, isOfRows, readRuns } from './dayTables.js';
import { packRowRuns } from './rowRuns.js';

/** Chunks of some kB fill pages of this size well; with the usual 4,096 bytes a reading takes twice the space. */
const pageBytes = 16_384;

const busyTimeoutMs = 5_000;

const journalBytesMax = 64 * 1024 * 1024;

/**
 * Opens a live or late file for its one writer. Makes the file if there is none, and leaves none if that fails, as on a full disk. What is no
 * day file, or that of another day, is not changed.
 */
export function openDayForWriting(path: string, day: number): Database.Database {
  return inFile(path, () => {
    if (!existsSync(path)) makeDayFile(path, day);
    return openPresent(path);
  });
}

function openPresent(path: string): Database.Database {
  refuseEmpty(path);
  const db = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs });
  try {
    checkDayFile(db, path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    assert.equal(db.pragma('synchronous', { simple: true }), 2);
    db.pragma(`journal_size_limit = ${journalBytesMax}`);
    if (isOfRows(db)) packRowRuns(db);
    dropUnnamedRuns(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The file takes its name when it has its tables and is on disk, so that an empty file of that name is a damaged one. */
function makeDayFile(path: string, day: number): void {
  const fresh = `${path}.new`;
  removeDatabase(fresh);
  try {
    const db = new Database(fresh, { timeout: busyTimeoutMs });
    try {
      db.pragma(`page_size = ${pageBytes}`);
      makeTables(db, day);
    } finally {
      db.close();
    }
    syncPath(fresh);
    renameSync(fresh, path);
    syncPath(dirname(path));
  } catch (error) {
    removeDatabase(fresh);
    throw error;
  }
}

/** Deletes the chunks of runs that `runs` does not name. They are left from a merge that a crash interrupted before or after its end. */
function dropUnnamedRuns(db: Database.Database): void {
  const named = new Set(readRuns(db).map(({ id }) => id));
  const next = columnStatement<number | null, [run: number]>(db, 'SELECT min(run) FROM chunk WHERE run > ?');
  for (let run = next.get(-1) ?? null; run !== null; run = next.get(run) ?? null)
    if (!named.has(run)) db.prepare('DELETE FROM chunk WHERE run = ?').run(run);
}

function makeTables(db: Database.Database, day: number): void {
  db.transaction(() => {
    createDaySchema(db);
    openMeta(db).set('day', dayText(day));
    openMeta(db).set('file', newEpoch());
  })();
}

/**
 * If a crash left an unfinished change of the file's header, the change is rolled back first, which needs a writable connection. Throws
 * NoDayFileError if the file is empty or is not that of its day, and NewerDataError.
 */
export function openDayForReading(path: string): Database.Database {
  return inFile(path, () => {
    try {
      return openChecked(path, true);
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_READONLY_ROLLBACK') throw error;
    }
    openChecked(path, false).close();
    return openChecked(path, true);
  });
}

function openChecked(path: string, readonly: boolean): Database.Database {
  refuseEmpty(path);
  const db = new Database(path, { readonly, fileMustExist: true, timeout: busyTimeoutMs });
  try {
    checkDayFile(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite would take an empty file for a new database, and remove the write-ahead log beside it. */
function refuseEmpty(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === false) throw new NoDayFileError(path, 'it is not a file');
  if (stat?.size === 0) throw new NoDayFileError(path, 'it has 0 bytes');
}

/** Looks at what the file says of itself, before anything is written to it. */
function checkDayFile(db: Database.Database, path: string): void {
  const version = versionOf(db);
  const isOurs = columnStatement<number>(
    db,
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'series')",
  ).get();
  if (version === 0 || isOurs !== 2) throw new NoDayFileError(path, 'it is a database of another program');
  if (version > dayFileVersion)
    throw new NewerDataError(`${path} has version ${version}; this Tidegate knows up to ${dayFileVersion}`);
  const named = /^\d{4}-\d\d-\d\d/.exec(basename(path))?.[0];
  const day = openMeta(db).text('day');
  if (named !== undefined && day !== named) throw new NoDayFileError(path, `it is the file of ${day}`);
}
