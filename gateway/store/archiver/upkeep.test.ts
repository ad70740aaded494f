import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { addFrame, type Batch } from '../../columns/batch.js';
import type { Device } from '../../domain/device.js';
import type { BucketRow } from '../../domain/readingsQuery.js';
import { seriesKinds } from '../../domain/series.js';
import { dayMs, listDays } from '../dayFiles/days.js';
import { isOfRows } from '../dayFiles/dayTables.js';
import { packAsRows } from '../histories.change.fixture.js';
import { createDayHandles } from '../reader/dayHandles.js';
import { openDay } from '../reader/openDay.js';
import {
  batchOf,
  batchOfTwo,
  folderFor,
  midnight,
  openOnClock,
  openTestStore,
  otherSeries,
  queryOf,
  readAll,
  readTriples,
  remembered,
  series,
  type Triple,
  withOther,
} from '../store.fixture.js';
import type { Store } from '../store.js';
import type { UpkeepStep } from '../threads/archiving.js';

const hour = 3_600_000;

const known = [series(1, 'temperature'), series(2, 'door', seriesKinds.string)];

async function commitAndSeal(store: Store, batch: Batch): Promise<void> {
  await store.commit(batch, midnight);
  await store.seal();
}

/** The contents of the file, its write-ahead log included. */
function contentOf(path: string): Buffer {
  const db = new Database(path, { readonly: true });
  const bytes = db.serialize();
  db.close();
  return bytes;
}

const readingsPath = (folder: string, name: string): string => join(folder, 'readings', name);

test('a query keeps reading its runs while a merge replaces them', async (context) => {
  const folder = folderFor(context);
  const { store } = await openOnClock(context, folder);
  for (let seal = 0; seal < 64; seal++)
    await commitAndSeal(store, batchOf(seal + 1, [[1, midnight + seal, seal]], seal === 0 ? known : []));
  const day = openDay(createDayHandles(Date.now), listDays(folder)[0], queryOf(known), () => assert.fail());
  await store.idle();
  const [{ row, advance }] = day.readingSources();
  assert.deepEqual(row, { series: 1, ts: midnight, value: 0 });
  advance();
  const [buckets] = day.bucketSources(dayMs);
  let count = 0;
  for (; buckets.row !== null; buckets.advance()) count += buckets.row.count;
  assert.equal(count, 64);
  day.close();
  const live = new Database(readingsPath(folder, '2026-11-22.db'), { readonly: true });
  assert.equal(live.prepare('SELECT count(*) FROM runs').pluck().get(), 1, 'the merge has ended meanwhile');
  live.close();
});

test('late readings that are already in the day file are counted once, also while the late file still exists', async (context) => {
  const folder = folderFor(context);
  const { store, turnTo } = await openOnClock(context, folder);
  await commitAndSeal(store, batchOf(1, [[1, midnight, 1]], known));
  await turnTo(midnight + dayMs + 2 * hour);
  await commitAndSeal(store, batchOf(2, [[1, midnight + 1, 2]]));
  const late = readingsPath(folder, '2026-11-22.late.db');
  const bytes = contentOf(late);
  await turnTo(midnight + dayMs + 4 * hour);
  assert.ok(!existsSync(late));
  writeFileSync(late, bytes);
  const [bucket] = (await readAll(store, queryOf(known, { everyMs: hour }))) as BucketRow[];
  assert.deepEqual([bucket.count, bucket.sum], [2, 3]);
});

test('a day is finished, also if a query has its file open for a while', async (context) => {
  const folder = folderFor(context);
  let reader: Database.Database | null = null;
  let tries = 0;
  const steps: UpkeepStep[] = [];
  const { store, turnTo } = await openOnClock(context, folder, {
    worked(step) {
      steps.push(step);
      if (step.task === 'finish' && ++tries === 10) reader?.close();
    },
  });
  await commitAndSeal(store, batchOf(1, [[1, midnight, 1]], known));
  reader = new Database(readingsPath(folder, '2026-11-22.db'), { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT * FROM readings').all();
  await turnTo(midnight + dayMs + 2 * hour);
  assert.ok(existsSync(readingsPath(folder, '2026-11-22.rollup.db')));
  assert.deepEqual(
    steps.filter(({ done }) => done).map(({ task }) => task),
    ['finish'],
  );
});

test('readings that are sealed during an erasure of twelve days are kept', async (context) => {
  const folder = folderFor(context);
  const { store, turnTo } = await openOnClock(context, folder);
  const days = Array.from({ length: 12 }, (_, i) => midnight + i * dayMs);
  let seq = 0;
  const expected: number[] = [];
  const keep = (at: number): number => {
    expected.push(at);
    return at;
  };
  for (const at of days)
    await store.commit(batchOfTwo(++seq, keep(at), seq === 1 ? [...known, otherSeries] : []), midnight);
  await store.seal();
  await turnTo(midnight + 11 * dayMs + 2 * hour);
  // These are late readings of the finished days, and more readings of the live day.
  for (const at of days) await store.commit(batchOfTwo(++seq, keep(at + 1)), midnight);
  store.leaveOut(1);
  await store.seal();
  const commits: Promise<unknown>[] = [];
  const commitMore = (): void => {
    const batch = withOther(batchOf(++seq, []), seq, keep(days[0] + seq));
    for (const at of days.slice(1)) withOther(batch, seq, keep(at + seq));
    commits.push(store.commit(batch, midnight).then(() => store.seal()));
  };
  await store.run({ type: 'erase', device: { id: 'd', key: 1, createdAt: 1 } }, commitMore);
  await Promise.all(commits);
  await store.forget(1);
  const times = async (): Promise<number[]> => (await readTriples(store, queryOf([otherSeries]))).map(([, ts]) => ts);
  assert.deepEqual(
    await times(),
    expected.sort((a, b) => a - b),
  );
  await turnTo(midnight + 20 * dayMs);
  assert.deepEqual(await times(), expected);
  assert.deepEqual(await readAll(store, queryOf(known)), []);
  await store.close();
  assert.deepEqual(remembered(folder), []);
});

test('an erased device is not in the free pages that a merge left behind', async (context) => {
  const folder = folderFor(context);
  const { store } = await openOnClock(context, folder);
  for (let seal = 1; seal <= 64; seal++)
    await commitAndSeal(store, batchOfTwo(seal, midnight + seal, seal === 1 ? [...known, otherSeries] : []));
  await store.idle();
  store.leaveOut(1);
  await store.run({ type: 'erase', device: { id: 'd', key: 1, createdAt: 1 } }, () => {});
  await store.forget(1);
  assert.equal((await readAll(store, queryOf([otherSeries]))).length, 64);
  await commitAndSeal(store, withOther(batchOf(65, []), 65, midnight + 65));
  assert.equal((await readAll(store, queryOf([otherSeries]))).length, 65);
  await store.close();
  assert.deepEqual(remembered(folder), []);
});

/** Gives the file a run that `runs` does not name, with the same readings as the first one. */
function leaveUnfinishedMerge(path: string): void {
  const db = new Database(path);
  db.exec(
    isOfRows(db)
      ? 'CREATE TABLE run_99 AS SELECT * FROM run_1'
      : 'CREATE TEMP TABLE copy AS SELECT * FROM chunk WHERE run = 1',
  );
  if (!isOfRows(db)) db.exec('UPDATE copy SET run = 99; INSERT INTO chunk SELECT * FROM copy');
  db.close();
}

for (const form of ['chunks', 'rows'])
  test(`an erased device is not in a late file's ${form} that an interrupted merge left`, async (context) => {
    const folder = folderFor(context);
    const first = await openOnClock(context, folder);
    await commitAndSeal(first.store, batchOfTwo(1, midnight, [...known, otherSeries]));
    await first.turnTo(midnight + dayMs + 2 * hour);
    await commitAndSeal(first.store, batchOfTwo(2, midnight + 1));
    await first.store.close();
    if (form === 'rows') packAsRows(folder, () => 1);
    leaveUnfinishedMerge(readingsPath(folder, '2026-11-22.late.db'));
    const { store } = await openTestStore(context, folder);
    store.leaveOut(1);
    await store.run({ type: 'erase', device: { id: 'd', key: 1, createdAt: 1 } }, () => {});
    await store.forget(1);
    assert.equal((await readAll(store, queryOf([otherSeries]))).length, 2);
    await store.close();
    assert.deepEqual(remembered(folder), []);
  });

test('a damaged day file is reported once, queries say what is missing, it is not changed, and the other days are finished', async (context) => {
  const folder = folderFor(context);
  const failures: (Error & { code?: string | null })[] = [];
  const { store, turnTo } = await openOnClock(context, folder, { archiveFailed: (error) => failures.push(error) });
  // Values that do not pack, so that most of the file is their chunks.
  const many = Array.from({ length: 60_000 }, (_, i): Triple => [1, midnight + i, Math.sin(i)]);
  await commitAndSeal(store, batchOf(1, [...many, [1, midnight + dayMs, 1]], known));
  await turnTo(midnight + dayMs);
  await store.close();
  const path = readingsPath(folder, '2026-11-22.db');
  const bytes = readFileSync(path);
  bytes.fill(0xff, bytes.length >> 1);
  writeFileSync(path, bytes);
  const again = await openOnClock(context, folder, { archiveFailed: (error) => failures.push(error) });
  await again.turnTo(midnight + 3 * dayMs);
  await again.turnTo(midnight + 3 * dayMs + 60_000);
  assert.deepEqual(
    failures.map(({ code }) => code),
    ['DAY_FILE'],
  );
  assert.match(failures[0].message, /readings\/2026-11-22\.db cannot be used/);
  assert.deepEqual(
    again.store.damagedDays().map(({ file }) => file),
    ['readings/2026-11-22.db'],
  );
  assert.ok(existsSync(readingsPath(folder, '2026-11-23.rollup.db')), 'the next day was finished');
  await commitAndSeal(again.store, batchOf(2, [[1, midnight + 2 * dayMs, 2]]));
  assert.equal((await readAll(again.store, queryOf(known, { from: midnight + dayMs }))).length, 2);
  for (const everyMs of [null, 1_000]) {
    const { rows, damaged } = await again.store.read('readings', { ...queryOf(known), order: 'desc', everyMs });
    assert.ok(rows.length > 0);
    assert.equal(damaged[0].metric, 'temperature');
  }
});

test('an unfinished day file from a backup works with the newer late file beside it', async (context) => {
  const folder = folderFor(context);
  const first = await openOnClock(context, folder);
  await first.store.change([{ type: 'put_device', device: deviceOf(1, 'd') }]);
  await commitAndSeal(first.store, batchOf(1, [[1, midnight, 1]], [known[0]]));
  const path = readingsPath(folder, '2026-11-22.db');
  const older = contentOf(path);
  await commitAndSeal(first.store, batchOf(2, [[1, midnight + 1, 2]]));
  await first.turnTo(midnight + dayMs + 2 * hour);
  const late = batchOf(
    3,
    [
      [1, midnight + 2, 3],
      [1, midnight + 3, 4],
      [2, midnight + 2, 0],
    ],
    [known[1]],
  );
  late.strings.push('open');
  await commitAndSeal(first.store, late);
  await first.store.close();
  writeFileSync(path, older);
  const { store, turnTo } = await openOnClock(context, folder);
  // A device may send again both the lost readings and those that are still stored.
  await commitAndSeal(
    store,
    batchOf(4, [
      [1, midnight + 1, 2],
      [1, midnight, 91],
      [1, midnight + 2, 93],
    ]),
  );
  const expected = [
    [1, midnight, 1],
    [1, midnight + 1, 2],
    [1, midnight + 2, 3],
    [2, midnight + 2, 'open'],
    [1, midnight + 3, 4],
  ];
  const check = async (): Promise<void> => {
    assert.deepEqual(await readTriples(store, queryOf(known)), expected);
    const [bucket] = (await readAll(store, queryOf([known[0]], { everyMs: hour }))) as BucketRow[];
    assert.deepEqual([bucket.count, bucket.sum], [4, 10]);
  };
  await check();
  await turnTo(midnight + dayMs + 6 * hour);
  assert.deepEqual(readdirSync(join(folder, 'readings')).sort(), ['2026-11-22.db', '2026-11-22.rollup.db']);
  await check();
});

test('a late file whose series ids differ from those of its day file is refused', async (context) => {
  const [folder, stranger] = [folderFor(context), folderFor(context)];
  for (const [where, one] of [
    [folder, known[0]],
    [stranger, { ...otherSeries, id: 1 }],
  ] as const) {
    const { store, turnTo } = await openOnClock(context, where);
    await commitAndSeal(store, batchOf(1, [[1, midnight, 1]], [one]));
    await turnTo(midnight + dayMs + 2 * hour);
    await commitAndSeal(store, batchOf(2, [[1, midnight + 1, 1]]));
    await store.close();
  }
  const name = '2026-11-22.late.db';
  copyFileSync(readingsPath(stranger, name), readingsPath(folder, name));
  await assert.rejects(openTestStore(context, folder), /late\.db does not belong to the day file beside it/);
});

test('of seventeen streams the least recently used one is forgotten, not the one used before the seal', async (context) => {
  const folder = folderFor(context);
  const first = await openTestStore(context, folder);
  const declare = (batch: Batch, id: number): void =>
    void batch.declared.streams.push({ id, deviceKey: 1, name: `s${id}`, kept: true });
  const use = (batch: Batch, id: number, seq: number, at: number): void => addFrame(batch, 1, id, seq, 0, at);
  const sixteen = batchOf(2, [], known);
  sixteen.frames = 0;
  for (let id = 1; id <= 16; id++) {
    declare(sixteen, id);
    use(sixteen, id, 1, midnight + id);
  }
  await commitAndSeal(first.store, sixteen);
  const more = batchOf(3, []);
  more.frames = 0;
  use(more, 1, 7, midnight + 100);
  declare(more, 17);
  use(more, 17, 1, midnight + 101);
  await commitAndSeal(first.store, more);
  await first.store.close();
  const { restored } = await openTestStore(context, folder);
  const marks = new Map(restored.streams.map(({ name, mark }) => [name, mark]));
  assert.deepEqual([marks.size, marks.get('s1'), marks.get('s2'), marks.get('s17')], [16, 7, undefined, 1]);
});

test('a gateway does not open an unfinished backup', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  await commitAndSeal(store, batchOf(1, [[1, midnight, 1]], known));
  const copy = folderFor(context);
  let during: boolean | null = null;
  await store.run({ type: 'backup', folder: copy }, () => {
    during ??= existsSync(join(copy, 'backup.unfinished'));
  });
  assert.deepEqual([during, existsSync(join(copy, 'backup.unfinished'))], [true, false]);
  writeFileSync(join(copy, 'backup.unfinished'), '');
  await assert.rejects(openTestStore(context, copy), /a backup that was not finished/);
});

const deviceOf = (key: number, id: string): Device => ({
  key,
  id,
  name: null,
  notes: null,
  model: null,
  tags: {},
  state: 'active',
  createdAt: key,
  attributes: {},
  credentials: [],
});
