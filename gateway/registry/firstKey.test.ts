import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from '../store/store.fixture.js';
import { firstKey } from './firstKey.js';
import { createKeys } from './keys.js';

test('the first key is in its file before it is valid, and if it cannot be stored the file goes and another key is made', async (context) => {
  const folder = folderFor(context);
  const file = join(folder, 'admin.key');
  let fails = true;
  let forgotten: string | undefined;
  const keys = createKeys(
    {
      clock: { now: () => 1_000 },
      used() {},
      async save() {
        assert.match(readFileSync(file, 'utf8'), /^tgk_\S{43}\n$/);
        forgotten ??= readFileSync(file, 'utf8').trim();
        if (fails) throw new Error('the power is gone');
      },
    },
    [],
  );
  await assert.rejects(firstKey(folder, keys), /the power is gone/);
  assert.equal(existsSync(file), false);
  assert.equal(keys.authenticate(forgotten ?? ''), undefined);
  fails = false;
  const key = await firstKey(folder, keys);
  assert.notEqual(key, forgotten);
  assert.equal(keys.authenticate(key as string)?.role, 'admin');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(await firstKey(folder, keys), key, 'a later start reads it');
});
