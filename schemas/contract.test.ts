import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { contractDigest, rulesOf } from '../scripts/build/contractDigest.js';
import { packageRoot, readJson, referredNames } from './load.js';

const schemas = join(packageRoot, 'schemas');
const folders = ['bridge', 'config', 'device', 'operator'];
const schemaFiles = folders.flatMap((folder) =>
  readdirSync(join(schemas, folder)).map((file) => ({ folder, file, path: `schemas/${folder}/${file}` })),
);

test('the pinned hash is the hash of the contract', () => {
  assert.deepEqual(
    contractDigest(),
    readJson('schemas/contract.json'),
    'the contract changed: set contractVersion in schemas/tables/version.ts (SemVer), say so in CHANGELOG.md, then run npm run generate',
  );
});

test('every schema has a generated type with its title, and no generated file is left over', () => {
  assert.deepEqual(
    readdirSync(join(schemas, 'generated')).sort(),
    [...folders.map((folder) => `${folder}.ts`), 'examples.json'].sort(),
    'schemas/generated has one file per folder of schemas, and the examples: run npm run generate',
  );
  for (const { folder, path } of schemaFiles) {
    const { title } = readJson(path) as { title?: string };
    assert.ok(title !== undefined && /^[A-Z][A-Za-z]+$/.test(title), `${path} needs a title in CamelCase`);
    const types = readFileSync(join(schemas, 'generated', `${folder}.ts`), 'utf8');
    assert.match(types, new RegExp(`^export (interface|type) ${title}\\b`, 'm'), `${path}: run npm run generate`);
  }
});

test('every schema is valid in draft 2020-12, and its $id is its path', () => {
  const ajv = new Ajv2020({ allowUnionTypes: true, strict: false, validateFormats: false });
  for (const { folder, file, path } of schemaFiles) {
    const schema = readJson(path) as { $id?: string };
    assert.ok(ajv.validateSchema(schema), `${path}: ${ajv.errorsText(ajv.errors)}`);
    assert.equal(schema.$id, `https://tidegate.dev/schemas/${folder}/${file.replace('.schema.json', '')}`, path);
  }
});

test('the rules of a schema are part of the contract, and its explanations are not', () => {
  const schema = {
    title: 'Thing',
    description: 'A thing.',
    type: 'object',
    properties: {
      description: { type: 'string', description: 'What it is.', examples: ['a'] },
      title: { $comment: 'short', enum: ['a', 'b'], default: 'a' },
      examples: { type: 'array', items: { type: 'string', title: 'Example' } },
      either: { oneOf: [{ description: 'none', type: 'null' }, { const: { description: 'data' } }] },
    },
    required: ['title'],
  };
  const rules = JSON.stringify(rulesOf(schema));
  const changed = (edit: (copy: typeof schema) => void): string => {
    const copy = structuredClone(schema);
    edit(copy);
    return JSON.stringify(rulesOf(copy));
  };
  const { description, title, examples, either } = schema.properties;
  const words: ((copy: typeof schema) => void)[] = [
    (copy) => Object.assign(copy, { title: 'Object', description: 'Another text.' }),
    (copy) => Object.assign(copy.properties.description, { description: 'Another text.', examples: ['b', 'c'] }),
    (copy) => Object.assign(copy.properties.title, { $comment: 'long', description: 'New.' }),
    (copy) => Object.assign(copy.properties.examples.items, { title: 'Other' }),
    (copy) => Object.assign(copy.properties.either.oneOf[0], { description: 'nothing' }),
  ];
  for (const edit of words) assert.equal(changed(edit), rules, String(edit));
  const properties = (changes: object) => (copy: typeof schema) =>
    void Object.assign(copy, { properties: { ...copy.properties, ...changes } });
  const contract: ((copy: typeof schema) => void)[] = [
    (copy) => Object.assign(copy, { type: 'array' }),
    (copy) => copy.required.pop(),
    (copy) => copy.properties.title.enum.push('c'),
    properties({ title: { ...title, default: 'b' } }),
    properties({ description: { ...description, type: 'number' } }),
    properties({ description: undefined }),
    properties({ examples: { ...examples, items: { type: 'number' } } }),
    properties({ either: { oneOf: [either.oneOf[0], { const: { description: 'other data' } }] } }),
  ];
  for (const edit of contract) assert.notEqual(changed(edit), rules, String(edit));
});

test('another description does not change the digest, but another type, limit or vector does', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'tidegate-contract-'));
  context.after(() => rmSync(root, { recursive: true }));
  for (const folder of [...folders, 'vectors']) cpSync(join(schemas, folder), join(root, folder), { recursive: true });
  const { sha256 } = contractDigest(root);
  assert.equal(sha256, contractDigest().sha256);
  const changed = (file: string, from: RegExp, to: string): string => {
    const text = readFileSync(join(root, file), 'utf8');
    assert.match(text, from);
    writeFileSync(join(root, file), text.replace(from, to));
    const after = contractDigest(root);
    writeFileSync(join(root, file), text);
    return after.sha256;
  };
  assert.equal(
    changed('device/ack.schema.json', /"description": "The highest[^"]*"/, '"description": "Other."'),
    sha256,
  );
  assert.equal(changed('device/ack.schema.json', /"title": "AckMessage"/, '"title": "Ack"'), sha256);
  assert.equal(changed('vectors/frames.json', /"about": "[^"]*"/, '"about": "Other."'), sha256);
  assert.notEqual(changed('device/ack.schema.json', /"type": "integer"/, '"type": "number"'), sha256);
  assert.notEqual(changed('device/ack.schema.json', /"required": \["type", "seq"\]/, '"required": ["type"]'), sha256);
  assert.notEqual(changed('device/command.schema.json', /\[0, 1, 2, 255\]/, '[0, 1, 2]'), sha256);
  assert.notEqual(changed('vectors/frames.json', /"seq": 1,/, '"seq": 2,'), sha256);
});

test('no schema repeats another of its folder: it refers to it', () => {
  const repeats: string[] = [];
  for (const folder of folders) {
    const wholes = new Map<string, string>();
    const files = schemaFiles.filter((each) => each.folder === folder);
    const textOf = ({ type, properties }: { type?: unknown; properties?: unknown }): string =>
      JSON.stringify([type, properties]);
    for (const { path } of files) {
      const schema = readJson(path) as { properties?: object };
      if (schema.properties !== undefined) wholes.set(textOf(schema), path);
    }
    const walk = (part: unknown, path: string, isWhole: boolean): void => {
      if (typeof part !== 'object' || part === null) return;
      const repeated = 'properties' in part ? wholes.get(textOf(part)) : undefined;
      if (repeated !== undefined && !isWhole) repeats.push(`${path} repeats ${repeated}`);
      for (const [keyword, value] of Object.entries(part)) walk(value, `${path}/${keyword}`, false);
    };
    for (const { path } of files) walk(readJson(path), path, true);
  }
  assert.deepEqual(repeats, []);
});

test('a schema refers only to schemas of its folder', () => {
  let count = 0;
  for (const { folder, path } of schemaFiles)
    for (const name of referredNames(readJson(path) as object)) {
      count++;
      assert.ok(existsSync(join(schemas, folder, `${name}.schema.json`)), `${path} refers to ${name}`);
    }
  assert.ok(count >= 5);
});
