import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, readJson } from '../../schemas/load.js';

/** The version of this package. */
export const version = (readJson('package.json') as { version: string }).version;

/** When the gateway was built, in Unix ms; 0 if the build did not record it. A clock that shows an earlier time is wrong. */
export const builtAt = buildTime();

function buildTime(): number {
  const file = join('dist', 'build.json');
  return existsSync(join(packageRoot, file)) ? (readJson(file) as { builtAt: number }).builtAt : 0;
}
