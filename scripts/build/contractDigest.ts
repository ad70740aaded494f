import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/load.js';
import { closeCodes } from '../../schemas/tables/closeCodes.js';
import { faults } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import { refusals } from '../../schemas/tables/refusals.js';
import { subprotocols } from '../../schemas/tables/subprotocols.js';
import { contractVersion } from '../../schemas/tables/version.js';

/** The contract's version, and the SHA-256 of all that others rely on in schemas/: schemas, vectors and tables. */
export function contractDigest(): { version: string; sha256: string } {
  const hash = createHash('sha256');
  const root = join(packageRoot, 'schemas');
  for (const folder of ['bridge', 'config', 'device', 'operator', 'vectors']) {
    for (const file of readdirSync(join(root, folder)).sort()) {
      hash.update(`${folder}/${file}\n${JSON.stringify(JSON.parse(readFileSync(join(root, folder, file), 'utf8')))}\n`);
    }
  }
  const patternsAsText = (_name: string, value: unknown): unknown => (value instanceof RegExp ? value.source : value);
  hash.update(JSON.stringify({ closeCodes, faults, limits, refusals, subprotocols }, patternsAsText));
  return { version: contractVersion, sha256: hash.digest('hex') };
}
