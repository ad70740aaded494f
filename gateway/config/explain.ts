import type { ErrorObject } from 'ajv/dist/2020.js';
import { sentenceOf } from '../../schemas/sentenceOf.js';
import { type Origins, originText } from './origins.js';

/** What is read of the schema of the configuration. */
export interface Schema {
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  default?: unknown;
}

/** The keys whose values are never shown. */
export const secretKeys: readonly string[] = ['mqtt.password'];

/** A fault of a configuration for people: key, where it is from, value and fix. `origins` has where each key that is set is from. */
export function explain(error: ErrorObject, schema: Schema, origins: Origins): string {
  const { instancePath, keyword, params, data } = error;
  const path = instancePath.split('/').filter((part) => part !== '');
  if (keyword === 'additionalProperties') return explainUnknown([...path, params.additionalProperty], schema, origins);
  const key = path.join('.');
  const origin = originOf(key, origins);
  if (key === 'mqtt.url' && typeof data === 'string' && data.includes('@'))
    return `mqtt.url (${origin}): must not contain a user name or password; give mqtt.username and mqtt.passwordFile`;
  const shown = secretKeys.includes(key) ? 'its value' : JSON.stringify(data);
  return `${key || 'the file'} (${origin}): ${shown} ${sentenceOf(error)}`;
}

/** A key that does not exist; with a key that has almost its name, or else with those of other sections that have exactly its name. */
function explainUnknown(path: readonly string[], schema: Schema, origins: Origins): string {
  const key = path.join('.');
  // A section of --set or the environment is known by the keys in it.
  const written = origins.has(key) ? key : ([...origins.keys()].find((one) => one.startsWith(`${key}.`)) ?? key);
  let section: Schema | undefined = schema;
  for (const part of path.slice(0, -1)) section = section?.properties?.[part];
  const variable = variableFor(written, schema);
  const near = variable ?? nearest(path[path.length - 1], Object.keys(section?.properties ?? {}));
  const [last] = written.split('.').slice(-1);
  const others = keysOf(schema).filter((one) => one.split('.').at(-1) === last);
  const hint =
    near !== null
      ? `did you mean ${near}?`
      : others.length > 0 && others.length <= 3
        ? `did you mean ${others.join(' or ')}?`
        : 'config/gateway.yaml lists every key';
  return `${written} (${originOf(written, origins)}): there is no such key; ${hint}`;
}

/** The variable of a key whose sections were written with one underscore, such as TIDEGATE_DEVICE__PORT for TIDEGATE_DEVICE_PORT. */
function variableFor(key: string, schema: Schema): string | null {
  const plain = (text: string): string => text.replaceAll(/[._]/g, '').toLowerCase();
  const meant = key.includes('_') ? keysOf(schema).find((leaf) => plain(leaf) === plain(key)) : undefined;
  return meant === undefined ? null : `TIDEGATE_${meant.toUpperCase().replaceAll('.', '__')}`;
}

/** Where a key is from, or the nearest section around it that is from somewhere. */
function originOf(key: string, origins: Origins): string {
  for (let at = key; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf('.'), 0))) {
    const origin = origins.get(at);
    if (origin !== undefined) return originText(origin);
  }
  return 'defaults';
}

/** The settings of a schema: each with the names of its sections and its own, and its part of the schema. */
export function leavesOf(
  { properties = {} }: Schema,
  path: readonly string[] = [],
): { path: readonly string[]; leaf: Schema }[] {
  return Object.entries(properties).flatMap(([name, part]) =>
    part.properties === undefined ? [{ path: [...path, name], leaf: part }] : leavesOf(part, [...path, name]),
  );
}

const keysOf = (schema: Schema): string[] => leavesOf(schema).map(({ path }) => path.join('.'));

/** The name with the smallest edit distance, if that is at most a third of the name. */
function nearest(name: string, names: readonly string[]): string | null {
  const scored = names.map((one) => ({ one, distance: editDistance(name.toLowerCase(), one.toLowerCase()) }));
  scored.sort((a, b) => a.distance - b.distance);
  return scored.length > 0 && scored[0].distance <= Math.min(3, Math.ceil(name.length / 3)) ? scored[0].one : null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
