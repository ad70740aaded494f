import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSchema, packageRoot } from './load.js';

/** Keywords whose value is data and holds no schema. */
const data = new Set(['const', 'enum', 'default', 'examples', 'required', 'dependentRequired']);

/** Every property of a schema with its path at any depth: in items, in branches, in definitions. */
function* propertiesOf(schema: unknown, path = ''): Generator<{ path: string; name: string; description: unknown }> {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [keyword, value] of Object.entries(schema)) {
    if (data.has(keyword)) continue;
    if (keyword !== 'properties' || Array.isArray(schema)) {
      yield* propertiesOf(value, `${path}/${keyword}`);
      continue;
    }
    for (const [name, property] of Object.entries(value as Record<string, { description?: unknown }>)) {
      yield { path: `${path}/${name}`, name, description: property.description };
      yield* propertiesOf(property, `${path}/${name}`);
    }
  }
}

/** A description has at least two words and a full stop. A repeated name is not one. */
const isSentence = (text: unknown): boolean => typeof text === 'string' && /^\S+ \S[\s\S]*\.$/.test(text);

const names = ['bridge', 'config', 'device', 'operator'].flatMap((folder) =>
  readdirSync(join(packageRoot, 'schemas', folder)).map((file) => `${folder}/${file.replace('.schema.json', '')}`),
);

test('the walk finds properties in items, branches and definitions, also if their name is a keyword', () => {
  const found = [
    ...propertiesOf({
      properties: { list: { items: { properties: { title: {} } } }, properties: { properties: { deep: {} } } },
      oneOf: [{ type: 'null' }, { properties: { branch: {} } }],
      $defs: { shared: { properties: { defined: {} } } },
      additionalProperties: { properties: { free: {} } },
      default: { properties: { data: {} } },
    }),
  ];
  assert.deepEqual(found.map(({ name }) => name).sort(), [
    ...['branch', 'deep', 'defined', 'free', 'list', 'properties', 'title'],
  ]);
});

test('every schema and every property of it has a description in whole sentences', () => {
  let count = 0;
  const bare: string[] = [];
  for (const name of names) {
    const schema = loadSchema(name);
    if (!isSentence(schema.description)) bare.push(name);
    for (const { path, description } of propertiesOf(schema)) {
      count++;
      if (!isSentence(description)) bare.push(`${name} ${path}`);
    }
  }
  assert.deepEqual(bare, []);
  assert.ok(count > 600, `${count} properties`);
});

test('no description refers to a document that a reader does not have', () => {
  for (const name of names) {
    for (const { path, description } of propertiesOf(loadSchema(name)))
      assert.doesNotMatch(String(description), /\bDESIGN\b|\bissue \d/i, `${name} ${path}`);
  }
});
