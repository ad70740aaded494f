import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RememberedCommand } from '../../clients/js/core/command.js';
import { createFileStore } from './commandStore.js';

function storePath(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-commands-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'commands.log');
}

const begun = (id: string): RememberedCommand => ({ id, outcome: null });
const ended = (id: string): RememberedCommand => ({ id, outcome: { id, state: 'succeeded', result: { n: 'ü' } } });

test('the newest entry of each id is loaded after a restart, in order', (context) => {
  const path = storePath(context);
  const store = createFileStore(path);
  assert.deepEqual(store.load(), []);
  for (const entry of [begun('a'), begun('b'), ended('a')]) store.keep(entry);
  assert.deepEqual(createFileStore(path).load(), [begun('b'), ended('a')]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a line that a crash cut at any byte is removed, and later writes succeed', (context) => {
  const path = storePath(context);
  createFileStore(path).keep(ended('a'));
  const whole = statSync(path).size;
  const torn = Buffer.from(`${JSON.stringify(ended('b'))}\n`);
  for (let bytes = 1; bytes < torn.length; bytes++) {
    appendFileSync(path, torn.subarray(0, bytes));
    const store = createFileStore(path);
    assert.deepEqual(store.load(), [ended('a')]);
    store.keep(begun('c'));
    assert.deepEqual(createFileStore(path).load(), [ended('a'), begun('c')]);
    truncateSync(path, whole);
  }
});

test('the file stays short and keeps the newest ids', (context) => {
  const path = storePath(context);
  const store = createFileStore(path, 10);
  for (let n = 0; n < 1_500; n++) store.keep(ended(`c${n}`));
  assert.ok(readFileSync(path, 'utf8').split('\n').length <= 1_001);
  assert.deepEqual(
    createFileStore(path, 10).load(),
    Array.from({ length: 10 }, (_, i) => ended(`c${1_490 + i}`)),
  );
});
