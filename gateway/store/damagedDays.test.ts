import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { codeOf } from '../../schemas/errors.js';
import type { BucketRow } from '../domain/readingsQuery.js';
import { dayMs } from './dayFiles/days.js';
import {
  batchOf,
  folderFor,
  midnight,
  openOnClock,
  queryOf,
  readAll,
  readTriples,
  series,
  type Triple,
} from './store.fixture.js';

const hour = 3_600_000;
const known = [series(1, 'temperature')];
const day = '2026-11-22';

/** Values that do not pack, so that most of the file is their chunks. */
const many = Array.from({ length: 60_000 }, (_, i): Triple => [1, midnight + 2 * i, Math.sin(i)]);

const readings = (folder: string, name = `${day}.db`): string => join(folder, 'readings', name);

/** The ways in which a finished day gets lost. Each leaves something that is not the day file, or nothing. */
const damages: Record<string, (path: string) => void> = {
  'bytes scribbled over its middle'(path) {
    const bytes = readFileSync(path);
    bytes.fill(0xff, bytes.length >> 2, (bytes.length >> 2) * 3);
    writeFileSync(path, bytes);
  },
  'a text in its place'(path) {
    writeFileSync(path, 'this is no database, and longer than a header of SQLite would be by far '.repeat(9));
  },
  '0 bytes'(path) {
    writeFileSync(path, '');
  },
  'an alien database of its name'(path) {
    rmSync(path);
    const db = new Database(path);
    db.exec('CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (42)');
    db.close();
  },
  'an alien database with a version'(path) {
    rmSync(path);
    const db = new Database(path);
    db.exec('CREATE TABLE orders (id INTEGER); PRAGMA user_version = 77');
    db.close();
  },
  'the file of another day'(path) {
    const db = new Database(path);
    db.exec("UPDATE meta SET value = '2026-11-20' WHERE name = 'day'");
    db.close();
  },
  'no file'(path) {
    rmSync(path);
  },
  'a folder in its place'(path) {
    rmSync(path);
    mkdirSync(path);
  },
};

/** A finished day of `many`, and a day after it. Returns the path of the finished day. */
async function finishedDay(context: TestContext, folder: string): Promise<string> {
  const { store, turnTo } = await openOnClock(context, folder);
  await store.commit(batchOf(1, [...many, [1, midnight + dayMs, 1]], known), midnight);
  await store.seal();
  await turnTo(midnight + dayMs + 2 * hour);
  await store.close();
  assert.ok(existsSync(readings(folder, `${day}.rollup.db`)));
  return readings(folder);
}

for (const [name, damage] of Object.entries(damages))
  test(`of a finished day with ${name} only the day is lost: late readings wait and are queried, and it heals`, async (context) => {
    const folder = folderFor(context);
    const path = await finishedDay(context, folder);
    const good = readFileSync(path);
    damage(path);
    const damaged = existsSync(path) && !statSync(path).isDirectory() ? readFileSync(path) : null;
    const late: Triple[] = Array.from({ length: 3_000 }, (_, i) => [1, midnight + 40 * i + 1, i]);
    const repeats: Triple[] = many.slice(100, 200).map(([id, ts]) => [id, ts, 999]);
    const now = midnight + dayMs + 3 * hour;
    const { store, turnTo } = await openOnClock(context, folder, { archiveFailed() {} });
    await turnTo(now);
    await store.commit(batchOf(2, [...late, ...repeats, [1, midnight + dayMs + 1, 2]]), midnight);
    await store.seal();
    assert.equal(store.unsealedReadings(), 0);
    assert.deepEqual(await readTriples(store, queryOf(known, { from: midnight + dayMs })), [
      [1, midnight + dayMs, 1],
      [1, midnight + dayMs + 1, 2],
    ]);
    const found = await readTriples(store, queryOf(known));
    const times = new Set(found.map(([, ts]) => ts));
    assert.equal(times.size, found.length, 'no reading is there twice');
    for (const [, ts] of late) assert.ok(times.has(ts));
    const page = await store.read('readings', queryOf(known));
    assert.ok(page.damaged.length > 0, 'the answer says what is missing');
    const buckets = (await readAll(store, queryOf(known, { everyMs: 777 }))) as BucketRow[];
    // A page that took long begins anew behind the damage, where it may find more. That none is counted twice: reader/damagedBuckets.test.ts.
    const counted = buckets.reduce((sum, { count }) => sum + count, 0);
    assert.ok(counted >= found.length && counted <= many.length + late.length, `${counted} of ${found.length}`);
    await turnTo(now + 3 * dayMs);
    const left = existsSync(path) && !statSync(path).isDirectory() ? readFileSync(path) : null;
    assert.deepEqual(left, damaged, 'what is in its place is not changed');
    assert.ok(existsSync(readings(folder, `${day}.rollup.db`)));
    assert.deepEqual(
      store.damagedDays().map((one) => [one.day, one.file, one.waiting]),
      [[day, `readings/${day}.db`, late.length + repeats.length]],
    );
    // The file is restored, beside the running gateway.
    rmSync(path, { recursive: true, force: true });
    writeFileSync(`${path}.restored`, good);
    renameSync(`${path}.restored`, path);
    await turnTo(now + 3 * dayMs + 60_000);
    await turnTo(now + 3 * dayMs + 2 * hour);
    assert.deepEqual(store.damagedDays(), []);
    assert.deepEqual(readdirSync(join(folder, 'readings')).sort(), [
      `${day}.db`,
      `${day}.rollup.db`,
      '2026-11-23.db',
      '2026-11-23.rollup.db',
    ]);
    const expected = [...many, ...late].sort((a, b) => a[1] - b[1]);
    assert.deepEqual(await readTriples(store, queryOf(known, { to: midnight + dayMs })), expected);
  });

test('a query of nothing but a day that cannot be read fails with a code of its own', async (context) => {
  const folder = folderFor(context);
  damages['a text in its place'](await finishedDay(context, folder));
  const { store } = await openOnClock(context, folder, { archiveFailed() {} });
  for (const everyMs of [null, 777])
    await assert.rejects(
      store.read('rendered', queryOf(known, { to: midnight + dayMs, everyMs }), 'csv'),
      (error: Error) => codeOf(error) === 'DAY_FILE' && error.message.includes(`${day}.db`),
    );
});

test('a live day whose file is moved away or damaged under the running store takes no readings that are sealed once that is noticed', async (context) => {
  const folder = folderFor(context);
  const { store, turnTo } = await openOnClock(context, folder, { archiveFailed() {} });
  await store.commit(batchOf(1, [[1, midnight, 1]], known), midnight);
  await store.seal();
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(readings(folder) + suffix)) renameSync(readings(folder) + suffix, join(folder, `moved${suffix}`));
  await store.commit(batchOf(2, [[1, midnight + 1, 2]]), midnight);
  await store.seal();
  assert.deepEqual(await readTriples(store, queryOf(known)), [[1, midnight + 1, 2]]);
  writeFileSync(readings(folder), 'scribble '.repeat(4_000));
  // SQLite has the file open, so that the next seal still goes into its write-ahead log, which is lost with the file.
  for (let seal = 3; seal < 80; seal++) {
    await store.commit(batchOf(seal, [[1, midnight + seal, seal]]), midnight);
    await store.seal();
  }
  await turnTo(midnight + 60_000);
  const after = async (): Promise<unknown[]> =>
    (await readTriples(store, queryOf(known, { from: midnight + 4 }))).map(([, , value]) => value);
  assert.deepEqual(
    await after(),
    Array.from({ length: 76 }, (_, i) => i + 4),
  );
  assert.equal(store.damagedDays()[0].waiting, 76);
});
