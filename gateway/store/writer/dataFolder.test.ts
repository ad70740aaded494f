import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

test('a folder that has only files of others is refused, and one with data of a gateway is not', (context) => {
  const folder = folderFor(context);
  mkdirSync(join(folder, 'lost+found'));
  writeFileSync(join(folder, '.keep'), '');
  prepareFolder(folder);
  for (const name of ['d.txt', 'b.txt', 'a', 'c']) writeFileSync(join(folder, name), '');
  assert.throws(() => prepareFolder(folder), {
    code: 'DATA_UNUSABLE',
    message: `The data folder ${folder} has no data of a gateway, but other files: a, b.txt, c, …. Give a new or an empty folder by --data.`,
  });
  for (const name of ['gateway.lock', 'log.db', 'readings', 'backup.unfinished']) {
    writeFileSync(join(folder, name), '');
    prepareFolder(folder);
    rmSync(join(folder, name));
  }
});

test('a folder that cannot be made is refused in one sentence with the fix', (context) => {
  const base = folderFor(context);
  const file = join(base, 'file');
  writeFileSync(file, 'mine');
  const cases: [string, RegExp][] = [
    [file, /^The data folder \S+ cannot be made: a file has this name\. Move the file away, .*--data\.$/],
    // The system lets nobody make a folder there, not even root.
    ['/proc/tidegate/data', /^The data folder \/proc\/tidegate\/data cannot be made: .*--data\.$/],
    [join(file, 'data'), /cannot be made: the path, or a part of it, is a file\. Give a folder by --data\.$/],
  ];
  for (const [folder, message] of cases) assert.throws(() => prepareFolder(folder), { code: 'DATA_UNUSABLE', message });
  assert.ok(!existsSync(join(base, 'data')));
});
