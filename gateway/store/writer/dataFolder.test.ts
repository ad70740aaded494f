import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from '../store.fixture.js';
import { prepareFolder } from './dataFolder.js';

test('a data folder is made with its parents, for this user only, and may exist', (context) => {
  const folder = join(folderFor(context), 'a', 'b');
  prepareFolder(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  writeFileSync(join(folder, 'log.db'), '');
  mkdirSync(join(folder, 'lost+found'), { mode: 0 });
  prepareFolder(folder);
});

test('a folder that cannot be made is refused in one sentence with the fix', (context) => {
  const base = folderFor(context);
  const file = join(base, 'file');
  writeFileSync(file, 'mine');
  const cases: [string, RegExp][] = [
    [file, /^The data folder \S+ cannot be made: a file has this name\. Move the file away, .*--data\.$/],
    [join(file, 'data'), /cannot be made: the path, or a part of it, is a file\. Give a folder by --data\.$/],
  ];
  for (const [folder, message] of cases) assert.throws(() => prepareFolder(folder), { code: 'DATA_UNUSABLE', message });
  assert.ok(!existsSync(join(base, 'data')));
});
