import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { tempFolder } from '../rig/tempFolder.js';
import { checkTypes, expectedEntries, probeEntries } from './consumer.js';

/** A folder with this package in its node_modules, as `npm link` makes it. */
function linkedFolder(context: TestContext): string {
  const folder = tempFolder(context);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageRoot, join(folder, 'node_modules', 'tidegate'));
  return folder;
}

test('the package exports the client and its two storages by short names, and nothing else', (context) => {
  assert.equal(probeEntries(linkedFolder(context)), expectedEntries);
});

for (const resolution of ['nodenext', 'bundler'] as const) {
  test(`a TypeScript program finds the types of the client under moduleResolution ${resolution}`, (context) => {
    checkTypes(linkedFolder(context), resolution);
  });
}
