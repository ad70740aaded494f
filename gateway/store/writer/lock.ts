import { join } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf } from '../../../schemas/errors.js';
import { inDatabase } from '../sqlite/openDatabase.js';

/** Another process uses the data folder. */
export class FolderLockedError extends Error {
  readonly code = 'DATA_LOCKED';
}

/**
 * Locks the data folder for this process. The lock is SQLite's own (fcntl), so the system drops it with the process,
 * however that ends, and no stale lock file remains. Returns the function that releases it.
 */
export function lockFolder(folder: string): () => void {
  const file = join(folder, 'gateway.lock');
  const db = inDatabase(file, () => new Database(file, { timeout: 0 }));
  try {
    inDatabase(file, () => db.exec('BEGIN EXCLUSIVE'));
  } catch (error) {
    db.close();
    if (codeOf(error) !== 'SQLITE_BUSY') throw error;
    throw new FolderLockedError(
      `Another gateway runs on the data folder ${folder}. Stop it, or give another folder by --data.`,
    );
  }
  return () => db.close();
}
