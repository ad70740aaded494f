import type Database from 'better-sqlite3';

/** The version of a database's tables (PRAGMA user_version), or 0 if it has none yet. */
export function versionOf(db: Database.Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

/** The first fault inside the file in SQLite's words, or null. Reads the whole file. */
export function faultIn(db: Database.Database): string | null {
  const found = String(db.pragma('integrity_check', { simple: true }));
  return found === 'ok' ? null : found;
}

/**
 * Writes the contents of the write-ahead log into the file and empties the log. False if a reader keeps an old state of the file
 * for longer than the busy timeout.
 */
export function emptyWal(db: Database.Database): boolean {
  return db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
}
