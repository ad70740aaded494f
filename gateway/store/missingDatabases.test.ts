import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { codeOf } from '../../schemas/errors.js';
import { batchOf, folderFor, midnight, openTestStore, queryOf, readTriples, series } from './store.fixture.js';

const known = [series(1, 'temperature')];

/** A data folder of a device with a sealed reading. */
async function usedFolder(context: TestContext): Promise<string> {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  const device = { key: 1, id: 'd', name: null, notes: null, model: null, tags: {}, attributes: {}, credentials: [] };
  await store.change([{ type: 'put_device', device: { ...device, state: 'active', createdAt: 1 } }]);
  await store.commit(batchOf(1, [[1, midnight, 7]], known), midnight);
  await store.seal();
  await store.close();
  return folder;
}

function removeWhole(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

for (const name of ['log.db', 'tidegate.db'] as const)
  for (const [what, lose] of [
    ['missing', removeWhole],
    [
      'empty',
      (path: string) => {
        removeWhole(path);
        writeFileSync(path, '');
      },
    ],
  ] as const)
    test(`a ${what} ${name} beside data is refused, and accepted if the operator says so`, async (context) => {
      const folder = await usedFolder(context);
      const path = join(folder, name);
      lose(path);
      await assert.rejects(openTestStore(context, folder), (error: Error) => {
        assert.equal(codeOf(error), 'DATA_MISSING');
        assert.ok(error.message.includes(path), error.message);
        assert.match(error.message, /--set store\.startWithout=/);
        return true;
      });
      assert.equal(existsSync(path) ? readFileSync(path).length : 0, 0, 'nothing was made in its place');
      const { store } = await openTestStore(context, folder, { startWithout: [name] });
      assert.deepEqual(await readTriples(store, queryOf(known)), [[1, midnight, 7]]);
      await store.close();
      await (await openTestStore(context, folder)).store.close();
    });

test('a new data folder, and one in which the first start was killed, are started without a word', async (context) => {
  const folder = folderFor(context);
  await (await openTestStore(context, folder)).store.close();
  removeWhole(join(folder, 'log.db'));
  await (await openTestStore(context, folder)).store.close();
});

const faults: [string, (path: string) => void][] = [
  [
    'scribbled over',
    (path) => {
      const bytes = readFileSync(path);
      bytes.fill(0xff, 4_096);
      writeFileSync(path, bytes);
    },
  ],
  ['no database', (path) => writeFileSync(path, 'this is no database, and longer than its header '.repeat(9))],
  [
    'of another program',
    (path) => {
      removeWhole(path);
      const db = new Database(path);
      db.exec('CREATE TABLE orders (id INTEGER)');
      db.close();
    },
  ],
];

for (const name of ['log.db', 'tidegate.db'])
  for (const [what, damage] of faults)
    test(`a ${name} that is ${what} is refused by its path, and is not changed`, async (context) => {
      const folder = await usedFolder(context);
      const path = join(folder, name);
      damage(path);
      const before = readFileSync(path);
      await assert.rejects(openTestStore(context, folder), (error: Error) => error.message.includes(path));
      assert.deepEqual(readFileSync(path), before);
    });

test('a gateway.lock that is no database is refused by its path', async (context) => {
  const folder = await usedFolder(context);
  const path = join(folder, 'gateway.lock');
  writeFileSync(path, 'this is no database, and longer than its header '.repeat(9));
  await assert.rejects(openTestStore(context, folder), (error: Error) => error.message.includes(path));
});
