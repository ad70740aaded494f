/**
 * Reads the JSON Schemas. schemas/ is the contract that gateway, simulator, console and clients share: PROTOCOL.md, schemas,
 * tables, and the codec. It imports none of them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. Schemas, models and the console's files are read from there, by built and unbuilt code. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('package.json of tidegate not found above the running code');
  return findRoot(parent);
}

/** Reads a JSON Schema by its path under schemas/ without the ending: `loadSchema('device/telemetry')`. Throws if there is none. */
export function loadSchema(path: string): Record<string, unknown> {
  return readJson(join('schemas', `${path}.schema.json`)) as Record<string, unknown>;
}

/** The names of the schemas of the same folder that a schema refers to: `"$ref": "job"` is `job.schema.json`. */
export const referredNames = (schema: object): string[] =>
  [...JSON.stringify(schema).matchAll(/"\$ref":"(\w+)"/g)].map(([, name]) => name);

/** Reads a JSON file of the package by its path from the root. Throws if there is none, or if it is not JSON. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot, path), 'utf8'));
}
