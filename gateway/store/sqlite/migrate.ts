import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';

/** The data folder was written by a newer Tidegate, whose form this one does not know. */
export class NewerDataError extends Error {
  readonly code = 'DATA_NEWER';
}

export function migrate(db: Database.Database, file: string, migrations: readonly Migration[]): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) {
    throw new NewerDataError(
      `${file} has version ${version}; this Tidegate knows up to ${migrations.length}. Run the newer Tidegate that wrote it.`,
    );
  }
  for (let step = version; step < migrations.length; step++) {
    db.transaction(() => {
      migrations[step](db);
      db.pragma(`user_version = ${step + 1}`);
    })();
  }
}

/** Step n of a list takes a database from version n (PRAGMA user_version) to n + 1, in one transaction. */
export type Migration = (db: Database.Database) => void;

/** Tells one store from another that lies in the same folder after a restore: random, made with the store. */
export function newEpoch(): string {
  return randomBytes(16).toString('hex');
}
