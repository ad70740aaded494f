import { logMigrations } from '../logDb/logMigrations.js';
import type { Migration } from '../sqlite/migrate.js';
import { registryMigrations } from '../tidegateDb/registryMigrations.js';

/** The databases of a data folder, by file name. */
export const databases = {
  'tidegate.db': registryMigrations,
  'log.db': logMigrations,
} as const satisfies Record<string, readonly Migration[]>;
