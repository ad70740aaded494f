import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, readJson } from '../../schemas/load.js';

/** The version of this package. */
export const version = (readJson('package.json') as { version: string }).version;

/** When it was built, in Unix ms: no trustworthy clock shows an earlier time. 0 where the build did not say. */
export const builtAt = buildTime();

function buildTime(): number {
  const file = join('dist', 'build.json');
  return existsSync(join(packageRoot, file)) ? (readJson(file) as { builtAt: number }).builtAt : 0;
}
