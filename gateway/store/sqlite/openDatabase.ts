/** sqlite/ holds the parts that every SQLite file of the store needs: opening, versions, statements, syncing. It has no tables. */
import { strict as assert } from 'node:assert';
import { basename } from 'node:path';
import Database from 'better-sqlite3';
import { checkVersion, migrate, type Schema } from './migrate.js';
import { emptyWal } from './pragmas.js';

const busyTimeoutMs = 5_000;

const journalBytesMax = 64 * 1024 * 1024;

/**
 * Opens a database for its one writer. A commit has reached the disk when it returns: better-sqlite3 is compiled with
 * synchronous=NORMAL for existing WAL databases, so FULL is set and checked at every open. A database of a version that this
 * program does not read is not changed.
 */
export function openForWriting(file: string, schema: Schema): Database.Database {
  const db = new Database(file, { timeout: busyTimeoutMs });
  try {
    checkVersion(db, file, schema);
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
