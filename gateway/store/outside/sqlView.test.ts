import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { seriesKinds } from '../../domain/series.js';
import { dayMs } from '../dayFiles/days.js';
import { batchOf, folderFor, midnight, openTestStore, series } from '../store.fixture.js';
import { openSqlView, type SqlValue } from './sqlView.js';

const known = [
  series(1, 'temperature'),
  series(2, 'state', seriesKinds.string),
  series(3, 'alarm', seriesKinds.boolean),
];

// One connection has up to ten files attached. More are read one after another.
for (const days of [2, 11])
  test(`the table of ${days} days has few readings as well as many, strings and booleans, with the types of a day file`, async (context) => {
    const folder = folderFor(context);
    const { store } = await openTestStore(context, folder);
    const batch = batchOf(
      1,
      Array.from({ length: days }, (_, day) => midnight + day * dayMs).flatMap((at) => [
        [1, at, 0.5],
        [2, at + 1, 0],
        [3, at + 2, 1],
      ]),
      known,
    );
    batch.strings.push('open');
    await store.commit(batch, midnight);
    const many = Array.from({ length: 600 }, (_, i): [number, number, number] => [1, midnight + 60_000 * (i + 1), i]);
    await store.commit(batchOf(2, many), midnight);
    await store.seal();
    await store.close();

    const view = openSqlView(folder, midnight, midnight + days * dayMs);
    const all = (sql: string): SqlValue[][] => [...view.run(sql).rows];
    try {
      assert.equal(view.files, days);
      assert.deepEqual(all('SELECT metric, count(*) FROM readings GROUP BY metric ORDER BY metric'), [
        ['alarm', days],
        ['state', days],
        ['temperature', days + 600],
      ]);
      assert.deepEqual(
        all(`SELECT metric, ts, typeof(ts), value, typeof(value) FROM readings WHERE ts < ${midnight + 3} ORDER BY ts`),
        [
          ['temperature', midnight, 'integer', 0.5, 'real'],
          ['state', midnight + 1, 'integer', 'open', 'text'],
          ['alarm', midnight + 2, 'integer', 1, 'integer'],
        ],
      );
    } finally {
      view.close();
    }
  });

for (const days of [2, 11])
  test(`a damaged chunk in ${days} days is left out and counted, and all else is there`, async (context) => {
    const folder = folderFor(context);
    const { store } = await openTestStore(context, folder);
    const each = Array.from({ length: days }, (_, day): [number, number, number] => [1, midnight + day * dayMs, day]);
    await store.commit(batchOf(1, each, known), midnight);
    await store.seal();
    await store.close();
    const db = new Database(join(folder, 'readings', '2026-11-22.db'));
    db.exec('UPDATE chunk SET vmin = vmin + 1');
    db.close();
    const view = openSqlView(folder, midnight, midnight + days * dayMs);
    try {
      assert.deepEqual([...view.run('SELECT count(*), min(value) FROM readings').rows], [[days - 1, 1]]);
      assert.equal(view.damaged(), 1);
    } finally {
      view.close();
    }
  });
