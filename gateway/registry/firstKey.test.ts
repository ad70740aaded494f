import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from '../store/store.fixture.js';
import { firstKey } from './firstKey.js';
import { createKeys } from './keys.js';

test('the first key is in its file before it is valid, and after a crash between the two another one is made', async (context) => {
  const folder = folderFor(context);
  const file = join(folder, 'admin.key');
  let fails = true;
  const keys = createKeys(
    {
      clock: { now: () => 1_000 },
      used() {},
      async save() {
        assert.match(readFileSync(file, 'utf8'), /^tgk_\S{43}\n$/);
        if (fails) throw new Error('the power is gone');
      },
    },
    [],
  );
  await assert.rejects(firstKey(folder, keys), /the power is gone/);
  const forgotten = readFileSync(file, 'utf8').trim();
  assert.equal(keys.authenticate(forgotten), undefined);
  fails = false;
  const key = await firstKey(folder, keys);
  assert.notEqual(key, forgotten);
  assert.equal(keys.authenticate(key as string)?.role, 'admin');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(await firstKey(folder, keys), key, 'a later start reads it');
});
