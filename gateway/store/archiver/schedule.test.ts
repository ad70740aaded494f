import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { addFrame } from '../../columns/batch.js';
import { reserveReadings } from '../../columns/readingColumns.js';
import type { Device } from '../../domain/device.js';
import type { BucketRow } from '../../domain/readingsQuery.js';
import { seriesKinds } from '../../domain/series.js';
import { dayMs } from '../dayFiles/days.js';
import { readRuns } from '../dayFiles/dayTables.js';
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
} from '../store.fixture.js';

const hour = 3_600_000;

const known = [series(1, 'temperature'), series(2, 'door', seriesKinds.string), series(3, 'on', seriesKinds.boolean)];

test('sealed readings are cut from the log, and are in the day file and its view', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  const batch = batchOf(
    1,
    [
      [1, midnight + 5, 21.5],
      [2, midnight + 5, 0],
      [3, midnight + 5, 1],
      [1, midnight - 1, 20],
    ],
    known,
  );
  batch.strings.push('open');
  await store.commit(batch, midnight);
  assert.equal(store.unsealedReadings(), 4);
  await store.seal();
  assert.equal(store.unsealedReadings(), 0);
  assert.deepEqual(await readTriples(store, queryOf(known)), [
    [1, midnight - 1, 20],
    [1, midnight + 5, 21.5],
    [2, midnight + 5, 'open'],
    [3, midnight + 5, true],
  ]);
  const db = new Database(join(folder, 'readings', '2026-11-22.db'), { readonly: true });
  assert.deepEqual(db.prepare('SELECT device, metric, unit, ts, value FROM readings ORDER BY metric').raw().all(), [
    ['d', 'door', null, midnight + 5, 'open'],
    ['d', 'on', null, midnight + 5, 1],
    ['d', 'temperature', null, midnight + 5, 21.5],
  ]);
  db.close();
  const log = new Database(join(folder, 'log.db'), { readonly: true });
  assert.equal(log.prepare('SELECT count(*) FROM log').pluck().get(), 0);
  log.close();
});

test('marks, latest values, series, tables and receipt times of sealed rows are restored after a restart', async (context) => {
  const folder = folderFor(context);
  const first = await openTestStore(context, folder);
  const batch = batchOf(
    1,
    [
      [1, midnight, 21.5],
      [2, midnight, 0],
    ],
    known,
  );
  batch.strings.push('open');
  batch.declared.tables.push({ deviceKey: 1, table: 3, metrics: [{ name: 'temperature', unit: 'Cel', scale: 1 }] });
  await first.store.commit(batch, midnight + 1);
  await first.store.commit(batchOf(7, [[1, midnight + 1, 22]]), midnight + 2);
  await first.store.seal();
  await first.store.commit(batchOf(9, [[3, midnight + 2, 0]]), midnight + 3);
  await first.store.close();
  const { restored } = await openTestStore(context, folder);
  assert.deepEqual(restored.series, known);
  assert.deepEqual(restored.streams, [
    { id: 1, deviceKey: 1, name: 'main', kept: true, mark: 9, usedAt: midnight + 9 },
  ]);
  assert.deepEqual(
    restored.tables.map(({ table }) => table),
    [3],
  );
  assert.deepEqual([...restored.receipts.at], [midnight + 9]);
  const { readings, value, ts, strings } = restored.latest;
  assert.deepEqual([readings, [...ts], strings], [3, [midnight + 1, midnight, midnight + 2], ['open']]);
  assert.deepEqual([value[0], strings[value[1]], value[2]], [22, 'open', 0]);
  assert.deepEqual([restored.nextSeriesId, restored.nextStreamId, restored.nextDeviceKey], [4, 2, 2]);
  assert.deepEqual([restored.newestCommitAt, restored.replayedReadings], [midnight + 3, 1]);
});

test('the first stored reading of an identity wins, whether the repeat is in the same seal, a later one, or the log', async (context) => {
  const { store } = await openTestStore(context, folderFor(context));
  const at = (n: number): number => midnight + n;
  await store.commit(
    batchOf(
      1,
      [
        [1, at(1), 1],
        [1, at(3), 3],
      ],
      known,
    ),
    midnight,
  );
  await store.commit(
    batchOf(2, [
      [1, at(2), 2],
      [1, at(1), 91],
    ]),
    midnight,
  );
  await store.seal();
  await store.commit(
    batchOf(3, [
      [1, at(2), 92],
      [1, at(4), 4],
    ]),
    midnight,
  );
  await store.seal();
  await store.commit(
    batchOf(4, [
      [1, at(3), 93],
      [1, at(0), 0],
    ]),
    midnight,
  );
  const expected = [0, 1, 2, 3, 4].map((n) => [1, at(n), n]);
  assert.deepEqual(await readTriples(store, queryOf(known)), expected);
  assert.deepEqual(await readTriples(store, queryOf(known, { order: 'desc' })), expected.reverse());
  const [all] = (await readAll(store, queryOf(known, { everyMs: 60_000 }))) as BucketRow[];
  assert.deepEqual([all.count, all.sum, all.min, all.max, all.first, all.last], [5, 10, 0, 4, 0, 4]);
});

test('64 runs are merged into one, and queries return the same', async (context) => {
  const folder = folderFor(context);
  const { store, done } = await openOnClock(context, folder);
  for (let seal = 0; seal < 70; seal++) {
    const readings = Array.from({ length: 5 }, (_, i): [number, number, number] => [
      1,
      midnight + i * 1000 + seal,
      seal,
    ]);
    await store.commit(batchOf(seal + 1, readings, seal === 0 ? known : []), midnight);
    await store.seal();
  }
  await store.idle();
  assert.deepEqual(done(), ['merge 2026-11-22']);
  const db = new Database(join(folder, 'readings', '2026-11-22.db'), { readonly: true });
  assert.deepEqual(db.prepare('SELECT level, count(*), sum(readings) FROM runs GROUP BY level').raw().all(), [
    [0, 6, 30],
    [1, 1, 320],
  ]);
  assert.deepEqual(
    db.prepare('SELECT DISTINCT run FROM chunk ORDER BY 1').pluck().all(),
    db.prepare('SELECT id FROM runs ORDER BY 1').pluck().all(),
  );
  assert.equal(db.prepare('SELECT count(*) FROM readings').pluck().get(), 350);
  db.close();
  const rows = await readTriples(store, queryOf(known));
  assert.equal(rows.length, 350);
  assert.ok(rows.every(([, ts, value]) => (ts - midnight) % 1000 === value));
});

test('a day that is over and quiet is finished as one sorted file in rollback mode with its rollup', async (context) => {
  const folder = folderFor(context);
  const { store, done, turnTo } = await openOnClock(context, folder);
  await store.commit(
    batchOf(
      1,
      [
        [1, midnight + 1, 1],
        [1, midnight + 30_000, 2],
      ],
      known,
    ),
    midnight,
  );
  await store.seal();
  await turnTo(midnight + dayMs + hour - 1);
  assert.deepEqual(done(), []);
  await turnTo(midnight + dayMs + hour + 60_000);
  assert.deepEqual(done(), ['finish 2026-11-22']);
  assert.deepEqual(readdirSync(join(folder, 'readings')).sort(), ['2026-11-22.db', '2026-11-22.rollup.db']);
  const db = new Database(join(folder, 'readings', '2026-11-22.rollup.db'), { readonly: true });
  assert.deepEqual(
    db.prepare('SELECT device, metric, ts, count, min, max, sum, first, last FROM readings_1m').raw().all(),
    [['d', 'temperature', midnight, 2, 1, 2, 3, 1, 2]],
  );
  db.close();
  const day = new Database(join(folder, 'readings', '2026-11-22.db'), { readonly: true });
  assert.equal(day.pragma('journal_mode', { simple: true }), 'delete');
  assert.equal(day.pragma('integrity_check', { simple: true }), 'ok');
  day.close();
});

test('readings for a finished day go to its late file, are found at once, and are merged in with a new rollup', async (context) => {
  const folder = folderFor(context);
  const { store, done, turnTo } = await openOnClock(context, folder);
  await store.commit(batchOf(1, [[1, midnight + 1, 1]], known), midnight);
  await store.seal();
  await turnTo(midnight + dayMs + 2 * hour);
  await store.commit(
    batchOf(2, [
      [1, midnight + 1, 99],
      [1, midnight + 2, 2],
      [3, midnight + 2, 1],
    ]),
    midnight,
  );
  await store.seal();
  assert.ok(existsSync(join(folder, 'readings', '2026-11-22.late.db')));
  const expected = [
    [1, midnight + 1, 1],
    [1, midnight + 2, 2],
    [3, midnight + 2, true],
  ];
  assert.deepEqual(await readTriples(store, queryOf(known)), expected);
  const perHour = queryOf(known, { everyMs: hour });
  const buckets = await readAll(store, perHour);
  await turnTo(midnight + dayMs + 4 * hour);
  assert.deepEqual(done(), ['finish 2026-11-22', 'finish 2026-11-22']);
  assert.ok(!existsSync(join(folder, 'readings', '2026-11-22.late.db')));
  assert.deepEqual(await readTriples(store, queryOf(known)), expected);
  assert.deepEqual(await readAll(store, perHour), buckets);
  assert.deepEqual(
    buckets.map((row) => [row.series, (row as BucketRow).count]),
    [
      [1, 2],
      [3, 1],
    ],
  );
});

test('retention removes the readings of a day first and its rollup later, and nothing while it is paused', async (context) => {
  const folder = folderFor(context);
  let allowed = false;
  const { store, turnTo } = await openOnClock(context, folder, {
    retentionDays: 2,
    rollupRetentionDays: 5,
    retentionAllowed: () => allowed,
  });
  await store.commit(
    batchOf(
      1,
      [
        [1, midnight + 1, 1],
        [1, midnight + hour, 2],
      ],
      known,
    ),
    midnight,
  );
  await store.seal();
  const files = (): string[] => readdirSync(join(folder, 'readings')).sort();
  await turnTo(midnight + 6 * dayMs);
  assert.deepEqual(files(), ['2026-11-22.db', '2026-11-22.rollup.db'], 'retention is paused');
  allowed = true;
  await turnTo(midnight + 4 * dayMs - 1);
  assert.deepEqual(files(), ['2026-11-22.db', '2026-11-22.rollup.db'], 'kept one day longer than frames are accepted');
  await turnTo(midnight + 4 * dayMs);
  assert.deepEqual(files(), ['2026-11-22.rollup.db']);
  assert.deepEqual(await readAll(store, queryOf(known)), []);
  const hours = (await readAll(store, queryOf(known, { everyMs: hour }))) as BucketRow[];
  assert.deepEqual(
    hours.map(({ ts, sum, count }) => [ts, sum, count]),
    [
      [midnight, 1, 1],
      [midnight + hour, 2, 1],
    ],
  );
  await turnTo(midnight + 7 * dayMs);
  assert.deepEqual(files(), []);
});

test('an erased device is in no file, free pages included, and none of its series are restored', async (context) => {
  const folder = folderFor(context);
  const { store, turnTo } = await openOnClock(context, folder);
  await store.commit(batchOfTwo(1, midnight, [...known, otherSeries]), midnight);
  await store.seal();
  await turnTo(midnight + dayMs + 2 * hour);
  await store.commit(batchOfTwo(2, midnight + 1), midnight);
  await store.commit(batchOfTwo(3, midnight + dayMs), midnight);
  await store.seal();
  await store.commit(batchOfTwo(4, midnight + dayMs + 1), midnight);
  store.leaveOut(1);
  await store.seal();
  const told: number[] = [];
  await store.run({ type: 'erase', device: { id: 'd', key: 1, createdAt: 1 } }, ({ done }) => told.push(done));
  await store.forget(1);
  assert.equal(told.at(-1), 2);
  assert.deepEqual(await readAll(store, queryOf(known)), []);
  assert.equal((await readAll(store, queryOf([otherSeries]))).length, 4);
  await store.close();
  assert.deepEqual(remembered(folder), []);
  const { restored } = await openTestStore(context, folder);
  assert.deepEqual(restored.series, [otherSeries]);
});

test('an erasure resumes if it was interrupted between deleting rows of a late file and rewriting the file', async (context) => {
  const folder = folderFor(context);
  const first = await openOnClock(context, folder);
  await first.store.commit(batchOfTwo(1, midnight, [...known, otherSeries]), midnight);
  await first.store.seal();
  await first.turnTo(midnight + dayMs + 2 * hour);
  const erase = { type: 'erase' as const, device: { id: 'd', key: 1, createdAt: 1 } };
  await first.store.run(erase, () => {});
  await first.store.commit(batchOfTwo(2, midnight + 1), midnight);
  await first.store.seal();
  await first.store.close();
  const path = join(folder, 'readings', '2026-11-22.late.db');
  const late = new Database(path);
  const [run] = readRuns(late);
  assert.equal(
    late.prepare("DELETE FROM chunk WHERE run = ? AND series IN (SELECT id FROM series WHERE device = 'd')").run(run.id)
      .changes,
    2,
  );
  late.exec(`DELETE FROM series WHERE device = 'd'; UPDATE runs SET readings = 1`);
  late.close();
  assert.ok(readFileSync(path).includes('secret-2'), 'the free pages still have the text');
  const { store } = await openTestStore(context, folder);
  store.leaveOut(1);
  await store.run(erase, () => {});
  assert.equal((await readAll(store, queryOf([otherSeries]))).length, 2);
  await store.close();
  assert.ok(!readFileSync(path).includes('secret-'));
});

test('a backup that is made during writes opens as a store with everything committed before', async (context) => {
  const folder = folderFor(context);
  const { store, turnTo } = await openOnClock(context, folder);
  await store.commit(batchOf(1, [[1, midnight, 1]], known), midnight);
  await store.seal();
  await turnTo(midnight + dayMs + 2 * hour);
  await store.commit(
    batchOf(2, [
      [1, midnight + 1, 2],
      [1, midnight + dayMs, 3],
    ]),
    midnight,
  );
  await store.seal();
  await store.commit(batchOf(3, [[1, midnight + dayMs + 1, 4]]), midnight);
  const copy = folderFor(context);
  await store.run({ type: 'backup', folder: copy }, () => {});
  await store.commit(batchOf(4, [[1, midnight + dayMs + 2, 5]]), midnight);
  const there = await openTestStore(context, copy);
  const expected = await readTriples(store, queryOf(known));
  assert.deepEqual(await readTriples(there.store, queryOf(known)), expected.slice(0, 4));
  await there.store.seal();
  assert.deepEqual(await readTriples(there.store, queryOf(known)), expected.slice(0, 4));
  assert.deepEqual(there.restored.streams[0].mark, 3);
});

test('a query fails with LOG_TOO_LONG if a device has too many unsealed readings, and works after a seal', async (context) => {
  const { store } = await openTestStore(context, folderFor(context));
  for (let n = 0; n < 6; n++) {
    const readings = Array.from({ length: 100_000 }, (_, i): [number, number, number] => [
      1,
      midnight + n * 100_000 + i,
      i,
    ]);
    await store.commit(batchOf(n + 1, readings, n === 0 ? known : []), midnight);
  }
  const query = queryOf(known, { everyMs: hour });
  await assert.rejects(store.read('readings', query), { code: 'LOG_TOO_LONG' });
  await store.seal();
  const [bucket] = (await readAll(store, query)) as BucketRow[];
  assert.equal(bucket.count, 600_000);
});

/** A store with the readings of two devices. `older` is a copy of its folder from before the second device and its readings. */
async function storeWithHistory(context: TestContext, folder: string): Promise<{ older: string; expected: unknown[] }> {
  const other = { ...series(9, 'temperature'), deviceKey: 2, device: 'other', deviceCreatedAt: 2 };
  const first = await openTestStore(context, folder);
  const put = (key: number, id: string): Promise<void> =>
    first.store.change([{ type: 'put_device', device: deviceOf(key, id) }]);
  await put(1, 'd');
  await first.store.commit(batchOf(1, [[1, midnight, 1]], [known[0]]), midnight);
  await first.store.seal();
  await first.store.close();
  const older = folderFor(context);
  cpSync(folder, older, { recursive: true });
  const second = await openTestStore(context, folder);
  await second.store.change([{ type: 'put_device', device: deviceOf(2, 'other') }]);
  const batch = batchOf(
    2,
    [
      [1, midnight + 1, 2],
      [2, midnight + 1, 0],
    ],
    [known[1], other],
  );
  batch.strings.push('open');
  reserveReadings(batch, 1);
  batch.series[batch.readings] = 9;
  batch.ts[batch.readings] = midnight + 1;
  batch.value[batch.readings++] = 77;
  addFrame(batch, 2, 2, 1, 1, midnight);
  await second.store.commit(batch, midnight);
  await second.store.seal();
  const expected = await readTriples(second.store, queryOf(known));
  await second.store.close();
  return { older, expected };
}

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

for (const files of [['tidegate.db'], ['log.db'], ['tidegate.db', 'log.db']]) {
  test(`an older ${files.join(' and ')} beside newer day files loses no reading and mixes up no devices`, async (context) => {
    const folder = folderFor(context);
    const { older, expected } = await storeWithHistory(context, folder);
    for (const file of files) cpSync(join(older, file), join(folder, file));
    const { store, restored } = await openTestStore(context, folder);
    const mine = restored.series.filter(({ deviceKey }) => deviceKey === 1);
    assert.deepEqual(mine.map(({ metric }) => metric).sort(), ['door', 'temperature']);
    const rows = await readTriples(store, queryOf(mine));
    assert.deepEqual(
      rows.map(([, ts, value]) => [ts, value]).sort(),
      expected.map((row) => (row as unknown[]).slice(1)).sort(),
    );
    for (const { id } of mine)
      assert.equal(
        restored.latest.ts[restored.latest.series.indexOf(id)],
        midnight + 1,
        'the latest value is read from the day files',
      );
    // A new device gets the key that the lost device had in the registry.
    const key = restored.nextDeviceKey;
    if (files.includes('tidegate.db'))
      assert.deepEqual(
        restored.devices.map(({ id }) => id),
        ['d'],
      );
    const stranger = {
      ...series(restored.nextSeriesId, 'temperature'),
      deviceKey: key,
      device: 'other',
      deviceCreatedAt: 3,
    };
    await store.commit(batchOf(3, [[stranger.id, midnight + 5, 5]], [stranger]), midnight);
    await store.seal();
    assert.deepEqual(await readTriples(store, queryOf([stranger])), [[stranger.id, midnight + 5, 5]]);
    await store.close();
    const again = await openTestStore(context, folder);
    assert.equal(again.restored.series.length, restored.series.length + 1);
  });
}

test('older day files beside a newer log are read and written as they are', async (context) => {
  const folder = folderFor(context);
  const { older } = await storeWithHistory(context, folder);
  cpSync(join(older, 'readings'), join(folder, 'readings'), { recursive: true });
  const { store } = await openTestStore(context, folder);
  assert.deepEqual(await readTriples(store, queryOf(known)), [[1, midnight, 1]]);
  await store.commit(batchOf(4, [[1, midnight + 9, 9]]), midnight);
  await store.seal();
  assert.deepEqual(await readTriples(store, queryOf(known)), [
    [1, midnight, 1],
    [1, midnight + 9, 9],
  ]);
});
