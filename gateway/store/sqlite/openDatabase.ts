/** sqlite/ holds the parts that every SQLite file of the store needs: opening, versions, statements, syncing. It has no tables. */
import { strict as assert } from 'node:assert';
import { basename } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf, errorOf } from '../../../schemas/errors.js';
import { checkVersion, migrate, type Schema } from './migrate.js';
import { emptyWal, versionOf } from './pragmas.js';

/** How long a statement waits for another connection. */
export const busyTimeoutMs = 5_000;

const journalBytesMax = 64 * 1024 * 1024;

/** Runs `use`. An error of SQLite names the file, and keeps its code. */
export function inDatabase<Result>(file: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    const code = codeOf(error);
    const { message } = errorOf(error);
    if (code === null || !code.startsWith('SQLITE_') || message.includes(file)) throw error;
    const fix = /^SQLITE_(CORRUPT|NOTADB)/.test(code) ? '. Restore this file from a backup' : '';
    throw Object.assign(new Error(`${file}: ${message}${fix}`), { code });
  }
}

/**
 * Opens a database for its one writer. A commit has reached the disk when it returns: better-sqlite3 is compiled with
 * synchronous=NORMAL for existing WAL databases, so FULL is set and checked at every open. A database of a version that this
 * program does not read, or of another program, is not changed.
 */
export function openForWriting(file: string, schema: Schema): Database.Database {
  return inDatabase(file, () => {
    const db = new Database(file, { timeout: busyTimeoutMs });
    try {
      checkVersion(db, file, schema);
      refuseForeign(db, file);
    } catch (error) {
      db.close();
      throw error;
    }
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
    assert.equal(db.pragma('synchronous', { simple: true }), 2);
    db.pragma(`journal_size_limit = ${journalBytesMax}`);
    db.pragma('foreign_keys = ON');
    migrate(db, schema);
    return db;
  });
}

/** A database without a version of ours has no table, because it is new. */
function refuseForeign(db: Database.Database, file: string): void {
  if (versionOf(db) === 0 && db.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined)
    throw new Error(
      `${file} is a database of another program. Move it away, and restore the one of Tidegate from a backup`,
    );
}

/** Opens a database that another thread writes. */
export function openForReading(file: string): Database.Database {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
  db.pragma('query_only = ON');
  return db;
}

/** Empties the write-ahead log. Throws if a reader keeps an old state of the file for longer than the busy timeout. */
export function bringHome(db: Database.Database, path: string): void {
  if (!emptyWal(db))
    throw new Error(`${basename(path)} is read by another program; its write-ahead log cannot be emptied`);
}
