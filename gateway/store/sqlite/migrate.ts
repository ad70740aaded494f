import type Database from 'better-sqlite3';
import { logMigrations } from '../logDb/logMigrations.js';
import type { Migration } from '../migration.js';
import { registryMigrations } from '../tidegateDb/registryMigrations.js';

/** The databases of a data folder, by file name. */
export const databases = {
  'tidegate.db': registryMigrations,
  'log.db': logMigrations,
} as const satisfies Record<string, readonly Migration[]>;

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
