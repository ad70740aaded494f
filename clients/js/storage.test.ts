import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileStorage } from './fileStorage.js';
import { memoryStorage, type Storage, type WebStorage, webStorage } from './storage.js';

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tidegate-client-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A page's storage, which also has an entry of another program. */
function page(): WebStorage {
  const texts = new Map([['other', 'kept']]);
  return {
    get length() {
      return texts.size;
    },
    key: (index) => [...texts.keys()][index] ?? null,
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, value) => void texts.set(key, value),
    removeItem: (key) => void texts.delete(key),
  };
}

for (const [name, open] of [
  ['memory', () => memoryStorage()],
  ['a file', (context: TestContext) => fileStorage(join(folder(context), 'deep', 'client.jsonl'))],
  ['a page', () => webStorage(page(), 'boiler-7 ')],
] as [string, (context: TestContext) => Storage][]) {
  test(`${name} returns the entries that were written, and none that were removed`, async (context) => {
    const storage = open(context);
    await storage.write([
      { key: 'a', text: '1' },
      { key: 'b', text: '2' },
    ]);
    await storage.write([
      { key: 'a', text: null },
      { key: 'b', text: '3' },
    ]);
    assert.deepEqual([...(await storage.load())], [['b', '3']]);
  });
}

test('a line that a power cut left unfinished is ignored, and later writes succeed', async (context) => {
  const path = join(folder(context), 'client.jsonl');
  await fileStorage(path).write([{ key: 'a', text: '1' }]);
  appendFileSync(path, '[{"key":"a","te');
  const again = fileStorage(path);
  assert.equal((await again.load()).get('a'), '1');
  await again.write([{ key: 'b', text: '2' }]);
  assert.deepEqual([...(await fileStorage(path).load()).keys()], ['a', 'b']);
});

test('a file stays small after many writes', async (context) => {
  const path = join(folder(context), 'client.jsonl');
  const storage = fileStorage(path);
  const hundred = Array.from({ length: 1_000 }, (_, i) => ({ key: `k${i % 10}`, text: 'x'.repeat(50) }));
  for (let i = 0; i < 30; i++) await storage.write(hundred);
  assert.ok(statSync(path).size < 1_000_000, `${statSync(path).size} bytes`);
  assert.equal((await fileStorage(path).load()).size, 10);
});
