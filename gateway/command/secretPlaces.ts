/**
 * Where the secret values are in the parameters of a command. A model marks them by `secret: true` in the JSON Schema of the
 * parameters. A value is secret if any schema that the model applies to it says so: also one of `anyOf` or `if` that the value does
 * not match, because a value that was meant for another branch is no less secret.
 */
export type SecretPlaces = (params: Record<string, unknown>) => string[][];

type Schema = Readonly<Record<string, unknown>>;

/** Keywords that apply one schema to the same value. */
const onSame = ['not', 'if', 'then', 'else'] as const;

/** Keywords that apply each schema of a list to the same value. */
const onSameEach = ['allOf', 'anyOf', 'oneOf'] as const;

/** Keywords that apply their schema to every item of a list. */
const onItems = ['items', 'contains'] as const;

/** Keywords whose values are schemas by name. */
const named = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'] as const;

/** Keywords whose content is data, and no schema. */
const data = ['enum', 'const', 'default', 'examples'];

const known: readonly string[] = [
  ...onSame,
  ...onSameEach,
  ...onItems,
  ...named,
  'prefixItems',
  'additionalProperties',
];

/**
 * Compiles the places of a schema that ajv has compiled. Throws an Error if the schema has a secret where its values cannot be
 * found, so that no secret is ignored silently.
 */
export function compileSecretPlaces(root: Schema): SecretPlaces {
  if (!hasSecret(root)) return () => [];
  check(root, root, '');
  return (params) => {
    const places = new Map<string, string[]>();
    collect(root, root, params, [], places, new Set());
    return [...places.values()];
  };
}

/** Whether `secret: true` is anywhere in the schema, at whatever keyword. */
function hasSecret(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasSecret);
  if (!isObject(value)) return false;
  return (
    value.secret === true || Object.entries(value).some(([name, inner]) => !data.includes(name) && hasSecret(inner))
  );
}

/** Throws if a schema has a secret below a keyword that `collect` does not follow, or a reference that it cannot follow. */
function check(root: Schema, schema: unknown, path: string): void {
  if (!isObject(schema)) return;
  for (const [keyword, inner] of Object.entries(schema)) {
    const at = `${path}/${keyword}`;
    if (keyword === '$ref' || keyword === '$dynamicRef') {
      if (keyword === '$dynamicRef' || target(root, inner) === undefined)
        throw new Error(
          `${at} is ${String(inner)}, and secret parameters are found only through references such as #/$defs/NAME`,
        );
    } else if ((named as readonly string[]).includes(keyword) && isObject(inner)) {
      for (const [name, one] of Object.entries(inner)) check(root, one, `${at}/${name}`);
    } else if (!known.includes(keyword)) {
      if (!data.includes(keyword) && hasSecret(inner))
        throw new Error(
          `${at} has secret: true, and no value can be blacked out there; mark it where its properties are`,
        );
    } else if (Array.isArray(inner)) inner.forEach((one, n) => check(root, one, `${at}/${n}`));
    else check(root, inner, at);
  }
}

/** The schema that a reference within the same document names; undefined if it is none. */
function target(root: Schema, reference: unknown): unknown {
  if (reference === '#') return root;
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return undefined;
  let at: unknown = root;
  for (const part of decodeURIComponent(reference.slice(2)).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at = (isObject(at) || Array.isArray(at)) && Object.hasOwn(at, name) ? (at as Schema)[name] : undefined;
  }
  return at;
}

/**
 * Adds the places below `path` at which the schema makes `value` secret. `seen` are the schemas that were applied to this value, so
 * that a schema that refers to itself ends.
 */
function collect(
  root: Schema,
  schema: unknown,
  value: unknown,
  path: string[],
  places: Map<string, string[]>,
  seen: Set<unknown>,
): void {
  if (!isObject(schema) || seen.has(schema)) return;
  seen.add(schema);
  if (schema.secret === true) {
    // Parameters are an object in any case, so if all of them are secret, each value is.
    const all = path.length > 0 ? [path] : Object.keys(isObject(value) ? value : {}).map((name) => [name]);
    for (const place of all) places.set(JSON.stringify(place), place);
  }
  const same = (inner: unknown): void => collect(root, inner, value, path, places, seen);
  const below = (inner: unknown, name: string): void => {
    const child = (value as Schema)[name];
    collect(root, inner, child, [...path, name], places, new Set());
  };
  if (schema.$ref !== undefined) same(target(root, schema.$ref));
  for (const keyword of onSame) same(schema[keyword]);
  for (const keyword of onSameEach) for (const inner of listOf(schema[keyword])) same(inner);
  if (Array.isArray(value)) {
    value.forEach((_, n) => {
      const own = listOf(schema.prefixItems)[n];
      if (own !== undefined) below(own, String(n));
      for (const keyword of onItems) below(schema[keyword], String(n));
    });
  } else if (isObject(value)) collectProperties(schema, value, same, below);
}

function collectProperties(
  schema: Schema,
  value: Schema,
  same: (inner: unknown) => void,
  below: (inner: unknown, name: string) => void,
): void {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const patterns = Object.entries(isObject(schema.patternProperties) ? schema.patternProperties : {});
  const dependent = isObject(schema.dependentSchemas) ? schema.dependentSchemas : {};
  for (const inner of Object.values(dependent)) same(inner);
  for (const name of Object.keys(value)) {
    const matching = patterns.filter(([pattern]) => new RegExp(pattern, 'u').test(name));
    if (Object.hasOwn(properties, name)) below(properties[name], name);
    else if (matching.length === 0) below(schema.additionalProperties, name);
    for (const [, inner] of matching) below(inner, name);
  }
}

const redactedText = '***';

/** The parameters with the values at these places blacked out. */
export function redacted(params: Record<string, unknown>, places: readonly string[][]): Record<string, unknown> {
  if (places.length === 0) return params;
  const copy = structuredClone(params);
  for (const path of places) {
    let at: unknown = copy;
    for (const name of path.slice(0, -1)) at = isParent(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    const last = path[path.length - 1];
    if (isParent(at) && last !== undefined && Object.hasOwn(at, last)) at[last] = redactedText;
  }
  return copy;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** An object or a list, by names or places. */
const isParent = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isObject = (value: unknown): value is Schema => isParent(value) && !Array.isArray(value);
