import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { ReadingRow } from '../../domain/readingsQuery.js';
import { inspectDataFolder } from '../outside/inspect.js';
import { batchOf, folderFor, midnight, openOnClock, queryOf, readAll, series, type Triple } from '../store.fixture.js';
import { dayMs } from './days.js';

const hour = 3_600_000;

const known = [series(1, 'temperature'), series(2, 'humidity')];

/** Changes one byte of the second chunk of series 1, as a failing disk does. */
function damage(path: string): void {
  const db = new Database(path);
  const select = 'SELECT t0, b FROM chunk WHERE series = 1 ORDER BY t0 LIMIT 1 OFFSET 1';
  const { t0, b } = db.prepare<[], { t0: number; b: Buffer }>(select).get() as { t0: number; b: Buffer };
  b[b.length >> 1] ^= 1;
  db.prepare('UPDATE chunk SET b = ? WHERE series = 1 AND t0 = ?').run(b, t0);
  db.close();
}

test('a changed byte costs one chunk: it is told, doctor names it, and sealing, merging and finishing go on', async (context) => {
  const folder = folderFor(context);
  const { store, turnTo, done } = await openOnClock(context, folder);
  const readings = Array.from({ length: 2_048 }, (_, i): Triple => [1 + (i & 1), midnight + 10_000 * i, i / 10]);
  await store.commit(batchOf(1, readings, known), midnight);
  await store.seal();
  await turnTo(midnight + dayMs + 2 * hour);
  const path = join(folder, 'readings', '2026-11-22.db');
  damage(path);

  const [from, to] = [midnight + 20_000 * 512, midnight + 20_000 * 1_023];
  const page = await store.read('readings', queryOf(known));
  assert.deepEqual(page.damaged, [{ metric: 'temperature', from, to }]);
  assert.deepEqual(
    (page.rows as ReadingRow[]).map(({ series: id, ts }) => [id, ts]),
    readings.filter(([id, ts]) => id === 2 || ts < from || ts > to).map(([id, ts]) => [id, ts]),
  );
  // Aggregates of the day were made before.
  const hours = await store.read('readings', queryOf(known, { everyMs: hour }));
  assert.deepEqual([hours.damaged, hours.rows.length], [[], 12]);
  const minutes = await store.read('readings', queryOf(known, { everyMs: 90_000 }));
  assert.deepEqual(minutes.damaged, page.damaged);

  const faults = inspectDataFolder(folder, midnight, midnight, true).filter(({ state }) => state === 'fail');
  assert.deepEqual(
    faults.map(({ name }) => name),
    ['2026-11-22.db'],
  );
  assert.match(faults[0].detail, /temperature of d from 2026-11-22T02:50:40\.000Z to 2026-11-22T05:41:00\.000Z/);

  // Late readings before, within and behind what is damaged.
  const late: Triple[] = [1, 20_000 * 600 + 5, 20_000 * 1_030 + 1].map((after, i) => [1, midnight + after, i]);
  await store.commit(batchOf(2, late), midnight);
  await store.seal();
  await turnTo(midnight + dayMs + 4 * hour);
  assert.deepEqual(done().slice(-2), ['finish 2026-11-22', 'finish 2026-11-22']);
  const rows = (await readAll(store, queryOf(known))) as ReadingRow[];
  assert.equal(rows.length, 2_048 - 512 + 3);
  for (const [, ts, value] of late) assert.ok(rows.some((row) => row.ts === ts && row.value === value));
  assert.equal(inspectDataFolder(folder, midnight, midnight, true).filter(({ state }) => state === 'fail').length, 1);
});

test('readings of a damaged chunk that come again are stored, merged and finished, and none beside them is missed', async (context) => {
  const folder = folderFor(context);
  const { store, turnTo, done } = await openOnClock(context, folder);
  // Chunks of 512 readings, a second apart.
  const timeOf = (i: number): number => midnight + 1_000 * i;
  const readings = Array.from({ length: 1_536 }, (_, i): Triple => [1, timeOf(i), i]);
  await store.commit(batchOf(1, readings, known), midnight);
  await store.seal();
  damage(join(folder, 'readings', '2026-11-22.db'));
  // Some of what is lost comes again, beginning with the chunk's first time, and other readings come between.
  const again = readings.slice(512, 612);
  const late = Array.from({ length: 700 }, (_, i): Triple => [1, timeOf(300 + i) + 500, -i]);
  await store.commit(batchOf(2, [...again, ...late]), midnight);
  await store.seal();
  const expected = [...readings.slice(0, 612), ...readings.slice(1_024), ...late].sort((a, b) => a[1] - b[1]);
  const check = async (): Promise<void> => {
    for (const start of [0, 300, 511, 512, 800, 1_023, 1_024]) {
      const from = timeOf(start);
      const rows = (await readAll(store, queryOf(known, { from }))) as ReadingRow[];
      assert.deepEqual(
        rows.map((row) => [row.series, row.ts, row.value]),
        expected.filter(([, ts]) => ts >= from),
      );
      const { damaged } = await store.read('readings', queryOf(known, { from, limit: 5_000 }));
      const isWithin = start < 1_024;
      assert.deepEqual(damaged, isWithin ? [{ metric: 'temperature', from: timeOf(512), to: timeOf(1_023) }] : []);
    }
    const faults = inspectDataFolder(folder, midnight, midnight, true).filter(({ state }) => state === 'fail');
    assert.equal(faults.length, 1);
  };
  await check();
  for (let seq = 3; seq < 66; seq++) {
    await store.commit(batchOf(seq, [[2, midnight + seq, seq]]), midnight);
    await store.seal();
  }
  await turnTo(midnight + hour);
  assert.deepEqual(done(), ['merge 2026-11-22']);
  expected.push(...Array.from({ length: 63 }, (_, i): Triple => [2, midnight + 3 + i, 3 + i]));
  expected.sort((a, b) => a[1] - b[1]);
  await check();
  await turnTo(midnight + dayMs + 2 * hour);
  assert.deepEqual(done(), ['merge 2026-11-22', 'finish 2026-11-22']);
  await check();
});
