import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import type { ReadingsQuery } from '../../domain/readingsQuery.js';
import { inspectDataFolder } from '../outside/inspect.js';
import { openSqlView } from '../outside/sqlView.js';
import { expectedOf, unpackRelease } from '../release.fixture.js';
import { openTestStore, queryOf, readAll } from '../store.fixture.js';
import type { JobProgress } from '../threads/archiving.js';

const minute = 60_000;

/** The versions of the finished day's file and of its rollup: 1 with rows, 2 packed. */
const versionsIn = (folder: string): unknown[] =>
  ['2026-11-29.db', '2026-11-29.rollup.db'].map((name) => {
    const db = new Database(join(folder, 'readings', name), { readonly: true });
    const version = db.pragma('user_version', { simple: true });
    db.close();
    return version;
  });

/** The store of a data folder of 0.1.0, in which nothing is due but jobs. */
async function openKept(context: TestContext, folder = unpackRelease(context, '0.1.0')) {
  const { at } = expectedOf('0.1.0');
  const { store, restored } = await openTestStore(context, folder, { now: () => at });
  const known = restored.series.filter(({ device }) => device === 'kept-1');
  assert.ok(known.length >= 4, 'all kinds of values');
  const [{ ts: first }] = (await readAll(store, queryOf(known, { limit: 1 }))) as { ts: number }[];
  /** Every way in which the readings can be asked for. */
  const answers = async (): Promise<unknown[]> => {
    const queries: Partial<ReadingsQuery>[] = [
      ...[7, 10_000].flatMap((limit) => (['asc', 'desc'] as const).map((order) => ({ limit, order }))),
      { from: first + 5_000, to: first + 333_001, limit: 50 },
      { from: first + 5_000, to: first + 333_001, order: 'desc', limit: 3 },
      ...[10_000, minute, 5 * minute, 60 * minute].map((everyMs) => ({ everyMs, limit: 11 })),
      { everyMs: minute, from: first + 30_000, to: first + 400_000 },
    ];
    const found: unknown[] = [];
    for (const query of queries) {
      const rows = await readAll(store, queryOf(known, query));
      assert.ok(rows.length > 0);
      found.push(rows);
      for (const one of known) found.push(await readAll(store, queryOf([one], query)));
    }
    const view = openSqlView(folder, 0, at);
    found.push([...view.run('SELECT device, metric, unit, ts, value FROM readings ORDER BY 1, 2, 4').rows]);
    view.close();
    return found;
  };
  return { folder, store, answers };
}

const pack = (store: Awaited<ReturnType<typeof openKept>>['store'], seen: JobProgress[] = []): Promise<void> =>
  store.run({ type: 'pack' }, (progress) => void seen.push(progress));

test('a finished day of 0.1 is packed with its rollup, and every query is answered as before', async (context) => {
  const { folder, store, answers } = await openKept(context);
  assert.deepEqual(versionsIn(folder), [1, 1]);
  const before = await answers();
  const seen: JobProgress[] = [];
  await pack(store, seen);
  assert.deepEqual(seen.at(-1), { done: 1, total: 1, bytes: 0, finished: true });
  assert.deepEqual(versionsIn(folder), [2, 2]);
  assert.deepEqual(await answers(), before);
  await pack(store, seen);
  assert.deepEqual(seen.at(-1), { done: 0, total: 0, bytes: 0, finished: true }, 'nothing is left to pack');
  await store.close();
  const again = await openKept(context, folder);
  assert.deepEqual(await again.answers(), before);
});

test('doctor counts the finished days with rows and names the command, and is quiet once they are packed', async (context) => {
  const { folder, store } = await openKept(context);
  const found = () =>
    inspectDataFolder(folder, expectedOf('0.1.0').at, 0, true).filter(({ name }) => name === 'day files of 0.1');
  assert.deepEqual(
    found().map(({ state, detail, fix }) => [state, detail, fix]),
    [
      [
        'warn',
        '1 finished day still has a row per reading, which takes several times the space',
        'Run tidegate pack while the gateway runs',
      ],
    ],
  );
  await pack(store);
  assert.deepEqual(found(), []);
});

test('a day that cannot be packed is named and left as it is, and the others are packed', async (context) => {
  const folder = unpackRelease(context, '0.1.0');
  const path = (day: string): string => join(folder, 'readings', `${day}.db`);
  for (const day of ['2026-11-27', '2026-11-28'])
    for (const file of [day, `${day}.rollup`]) {
      copyFileSync(path(file.replace(day, '2026-11-29')), path(file));
      const db = new Database(path(file));
      db.prepare("UPDATE meta SET value = ? WHERE name = 'day'").run(day);
      db.close();
    }
  const { store } = await openKept(context, folder);
  const bytes = readFileSync(path('2026-11-28'));
  // A page of readings, as a failing disk leaves it.
  bytes.fill(0xff, bytes.length - 4_096);
  writeFileSync(path('2026-11-28'), bytes);
  await assert.rejects(
    pack(store),
    /^Error: 2 of 3 days were packed\. Left as rows: 2026-11-28: .*malformed.*doctor --all/,
  );
  assert.deepEqual(readFileSync(path('2026-11-28')), bytes);
  assert.deepEqual(versionsIn(folder), [2, 2]);
  assert.deepEqual(
    readdirSync(join(folder, 'readings')).filter((name) => name.includes('.new')),
    [],
  );
});

test('a day that another program reads is packed, and one that it keeps open in WAL mode is left for the next try', async (context) => {
  const { folder, store, answers } = await openKept(context);
  const before = await answers();
  const path = join(folder, 'readings', '2026-11-29.db');
  const writing = new Database(path);
  writing.pragma('journal_mode = WAL');
  writing.prepare('SELECT count(*) FROM series').get();
  await assert.rejects(pack(store), /0 of 1 days were packed\. Left as rows: 2026-11-29: .*kept open/);
  writing.pragma('journal_mode = DELETE');
  writing.close();
  assert.deepEqual(versionsIn(folder), [1, 1]);
  const reading = new Database(path, { readonly: true });
  const count = reading.prepare('SELECT count(*) FROM readings').pluck();
  const rows = count.get();
  await pack(store);
  assert.equal(count.get(), rows);
  reading.close();
  assert.deepEqual(versionsIn(folder), [2, 2]);
  assert.deepEqual(await answers(), before);
});
