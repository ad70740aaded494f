/**
 * dayFiles/ holds the files of one day: their tables, writing, merging, finishing, rollups. archiver/ decides when they
 * run.
 */
import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { codeOf } from '../../../schemas/errors.js';
import { openMeta } from '../sqlite/meta.js';
import { NewerDataError, newEpoch } from '../sqlite/migrate.js';
import { versionOf } from '../sqlite/pragmas.js';
import { columnStatement } from '../sqlite/statement.js';
import { dayText, removeDatabase } from './days.js';
import { createDaySchema, dayFileVersion, isOfRows, readRuns } from './dayTables.js';
import { packRowRuns } from './rowRuns.js';

/** Chunks of some kB fill pages of this size well; with the usual 4,096 bytes a reading takes twice the space. */
const pageBytes = 16_384;

const busyTimeoutMs = 5_000;

const journalBytesMax = 64 * 1024 * 1024;

/** Opens a live or late file for its one writer. Makes the file if there is none, and leaves none if that fails, as on a full disk. */
export function openDayForWriting(path: string, day: number): Database.Database {
  const isNew = !existsSync(path);
  const db = new Database(path, { timeout: busyTimeoutMs });
  try {
    if (isNew) db.pragma(`page_size = ${pageBytes}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    assert.equal(db.pragma('synchronous', { simple: true }), 2);
    db.pragma(`journal_size_limit = ${journalBytesMax}`);
    if (!hasSchema(db)) makeTables(db, day);
    checkDayVersion(db, path);
    if (isOfRows(db)) packRowRuns(db);
    dropUnnamedRuns(db);
    return db;
  } catch (error) {
    db.close();
    if (isNew) removeDatabase(path);
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
