import { logSchema } from '../logDb/logSchema.js';
import type { Schema } from '../sqlite/migrate.js';
import { registrySchema } from '../tidegateDb/registrySchema.js';

/** The databases of a data folder, by file name. */
export const databases = {
  'tidegate.db': registrySchema,
  'log.db': logSchema,
} as const satisfies Record<string, Schema>;
