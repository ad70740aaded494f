import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import { versionOf } from './pragmas.js';

/** The tables of a database, as steps from each version (PRAGMA user_version) to the next. Released steps never change. */
export interface Schema {
  /** The version that the first step makes. Lower versions are from before the first release and are not read. */
  first: number;
  /** Step 0 makes the tables of an empty database. Step n brings version first + n - 1 to first + n, in one transaction. */
  steps: readonly Migration[];
}

export type Migration = (db: Database.Database) => void;

/** A newer Tidegate wrote the data folder in a version that this one does not know. */
export class NewerDataError extends Error {
  readonly code = 'DATA_NEWER';
}

/** A development version from before the first release wrote the data folder. */
export class OlderDataError extends Error {
  readonly code = 'DATA_OLDER';
}

/** The version that this program brings a database to. */
export const newestVersion = ({ first, steps }: Schema): number => first + steps.length - 1;

/** Throws NewerDataError or OlderDataError if this program cannot read the database. */
export function checkVersion(db: Database.Database, file: string, schema: Schema): void {
  const version = versionOf(db);
  const newest = newestVersion(schema);
  if (version > newest) {
    throw new NewerDataError(
      `${file} has version ${version}; this Tidegate knows up to ${newest}. Run the newer Tidegate that wrote it.`,
    );
  }
  if (version > 0 && version < schema.first) {
    throw new OlderDataError(
      `${file} has version ${version}, of a development version before 0.1.0; this Tidegate reads version ${schema.first} and later. Start with an empty data folder.`,
    );
  }
}

/** Brings a checked database to the newest version. */
export function migrate(db: Database.Database, schema: Schema): void {
  const version = versionOf(db);
  const from = version === 0 ? 0 : version - schema.first + 1;
  for (let step = from; step < schema.steps.length; step++) {
    db.transaction(() => {
      schema.steps[step](db);
      db.pragma(`user_version = ${schema.first + step}`);
    })();
  }
}

/** A random name that is made with a store or a copy of one. It distinguishes stores that a restore puts into the same folder. */
export function newEpoch(): string {
  return randomBytes(16).toString('hex');
}
