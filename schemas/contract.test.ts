import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { contractDigest } from '../scripts/build/contractDigest.js';
import { packageRoot, readJson } from './load.js';

const schemas = join(packageRoot, 'schemas');
const folders = ['bridge', 'config', 'device', 'operator'];
const schemaFiles = folders.flatMap((folder) =>
  readdirSync(join(schemas, folder)).map((file) => ({ folder, file, path: `schemas/${folder}/${file}` })),
);

test('the pinned hash is that of the contract', () => {
  assert.deepEqual(
    contractDigest(),
    readJson('schemas/contract.json'),
    'the contract changed: set contractVersion in schemas/tables/version.ts (SemVer), say so in CHANGELOG.md, then run npm run generate',
  );
});

test('every schema has a generated type of its title, and there is no generated file without schemas', () => {
  assert.deepEqual(
    readdirSync(join(schemas, 'generated')).sort(),
    folders.map((folder) => `${folder}.ts`),
    'schemas/generated holds one file a folder of schemas: run npm run generate',
  );
  for (const { folder, path } of schemaFiles) {
    const { title } = readJson(path) as { title?: string };
    assert.ok(title !== undefined && /^[A-Z][A-Za-z]+$/.test(title), `${path} needs a title in CamelCase`);
    const types = readFileSync(join(schemas, 'generated', `${folder}.ts`), 'utf8');
    assert.match(types, new RegExp(`^export (interface|type) ${title}\\b`, 'm'), `${path}: run npm run generate`);
  }
});

test('every schema is a valid schema of draft 2020-12, named by its place', () => {
  const ajv = new Ajv2020({ allowUnionTypes: true, strict: false, validateFormats: false });
  for (const { folder, file, path } of schemaFiles) {
    const schema = readJson(path) as { $id?: string };
    assert.ok(ajv.validateSchema(schema), `${path}: ${ajv.errorsText(ajv.errors)}`);
    assert.equal(schema.$id, `https://tidegate.dev/schemas/${folder}/${file.replace('.schema.json', '')}`, path);
  }
});
