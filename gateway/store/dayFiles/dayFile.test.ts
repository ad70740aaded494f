import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { folderFor } from '../store.fixture.js';
import { openDayForWriting } from './dayFile.js';

test('a day file that cannot be made leaves nothing behind', (context) => {
  const folder = folderFor(context);
  // The name of this day cannot be written, so that the first transaction fails as it does on a full disk.
  assert.throws(() => openDayForWriting(join(folder, '2026-11-30.db'), Number.NaN), RangeError);
  assert.deepEqual(readdirSync(folder), []);
});

test('a file that is not a day file stays if it cannot be opened as one', (context) => {
  const folder = folderFor(context);
  const path = join(folder, '2026-11-30.db');
  const other = new Database(path);
  other.exec('CREATE TABLE meta (a)');
  other.close();
  assert.throws(() => openDayForWriting(path, 20_000), { code: 'DAY_NONE' });
  const again = new Database(path, { readonly: true });
  assert.equal(again.prepare('SELECT count(*) FROM meta').pluck().get(), 0);
  again.close();
});
