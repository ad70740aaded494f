import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { seriesKinds } from '../../domain/series.js';
import { createReadings, pack, readingsMax } from './chunk.js';
import { openChunkLookup } from './chunkLookup.js';
import { createChunkTables, openChunkInsert } from './chunkTable.js';
import { randomNumbers } from './random.fixture.js';

test('a reading is found whatever was looked up before it, also a time between two chunks or behind all', () => {
  const random = randomNumbers(8);
  const db = new Database(':memory:');
  createChunkTables(db);
  const insert = openChunkInsert(db);
  const times = new Map([1, 2].map((series) => [series, new Set<number>()]));
  for (const [series, stored] of times)
    for (let chunk = 0; chunk < 4; chunk++) {
      const readings = createReadings(readingsMax);
      for (let i = 0; i < 20; i++) readings.ts[readings.count++] = 1_000 + 100 * chunk + 2 * i;
      for (let i = 0; i < readings.count; i++) stored.add(readings.ts[i]);
      insert(1, pack(seriesKinds.number, series, readings, 0, readings.count, -1));
    }
  const { has } = openChunkLookup(db, 1);
  for (let n = 0; n < 5_000; n++) {
    const [series, ts] = [1 + random(2), 990 + random(420)];
    assert.equal(has(series, ts), times.get(series)?.has(ts), `series ${series} at ${ts}`);
  }
  db.close();
});
