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

/**
 * The contract's version, and the SHA-256 of everything in schemas/ that clients rely on: schemas, vectors and tables. Explanations do
 * not count (`rulesOf`, and `about` of the vectors), so that a better description needs no new version. `root` is the folder of the schemas.
 */
export function contractDigest(root = join(packageRoot, 'schemas')): { version: string; sha256: string } {
  const hash = createHash('sha256');
  for (const folder of ['bridge', 'config', 'device', 'operator', 'vectors']) {
    for (const file of readdirSync(join(root, folder)).sort()) {
      const content = JSON.parse(readFileSync(join(root, folder, file), 'utf8')) as Record<string, unknown>;
      const { about: _, ...vectors } = content;
      hash.update(`${folder}/${file}\n${JSON.stringify(folder === 'vectors' ? vectors : rulesOf(content))}\n`);
    }
  }
  const patternsAsText = (_name: string, value: unknown): unknown => (value instanceof RegExp ? value.source : value);
  hash.update(JSON.stringify({ closeCodes, faults, limits, refusals, subprotocols }, patternsAsText));
  return { version: contractVersion, sha256: hash.digest('hex') };
}

/** Keywords that explain and do not validate values (JSON Schema 2020-12, Validation section 9.1 and 9.5, Core section 8.3). */
const explaining: readonly string[] = ['title', 'description', '$comment'];
/** Keywords whose members are schemas under free names: such a name may be `description`. */
const schemasByName: readonly string[] = ['properties', 'patternProperties', '$defs', 'dependentSchemas'];
/** Keywords whose value is data and not a schema. */
const data: readonly string[] = ['const', 'enum', 'default'];

/** A schema without its explanations. The rest decides which values are valid. */
export function rulesOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(rulesOf);
  if (typeof schema !== 'object' || schema === null) return schema;
  const rules: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    const isWords = explaining.includes(keyword) && typeof value === 'string';
    if (isWords || (keyword === 'examples' && Array.isArray(value))) continue;
    if (data.includes(keyword)) rules[keyword] = value;
    else rules[keyword] = schemasByName.includes(keyword) ? rulesByName(value as object) : rulesOf(value);
  }
  return rules;
}

function rulesByName(schemas: object): object {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, rulesOf(schema)]));
}
