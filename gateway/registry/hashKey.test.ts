import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from '../store/store.fixture.js';
import { hashKey } from './hashKey.js';

test('the key of hashes is made once, for this user only, and made again if a power cut has left half of it', (context) => {
  const folder = folderFor(context);
  const file = join(folder, 'hash.key');
  const key = hashKey(folder);
  assert.equal(key.length, 32);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(hashKey(folder), key);
  for (const text of ['', readFileSync(file, 'utf8').slice(0, 20)]) {
    writeFileSync(file, text);
    const other = hashKey(folder);
    assert.equal(other.length, 32);
    assert.notDeepEqual(other, key);
    assert.deepEqual(hashKey(folder), other);
  }
});
