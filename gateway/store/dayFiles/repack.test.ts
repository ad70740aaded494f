import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import { at, createReadings, lastTimeOf, pack, readingsMax, reserveSeriesReadings, unpack } from '../chunks/chunk.js';
import { createChunkTables, openChunkInsert, openChunkReads } from '../chunks/chunkTable.js';
import { randomNumbers } from '../chunks/random.fixture.js';
import { chunkSource, repack } from './repack.js';

const kinds: SeriesKind[] = [seriesKinds.number, seriesKinds.number, seriesKinds.string, seriesKinds.boolean];

const target = 100;

type Value = number | string;

/** The readings of each run by series and time. No identity is in two runs. */
function randomRuns(random: (below: number) => number): Map<number, Value>[][] {
  const runs = 1 + random(12);
  return kinds.map((kind) => {
    const split = random(3);
    const ofRun = Array.from({ length: runs }, () => new Map<number, Value>());
    const length = random(6_000);
    for (let i = 0; i < length; i++) {
      const ts = 1_790_000_000_000 + 1_000 * i + random(500);
      // Runs follow each other, overlap at their edges, or are mixed.
      const run =
        split === 0
          ? Math.floor((i * runs) / length)
          : split === 1
            ? Math.floor(((i + random(90)) * runs) / (length + 90))
            : random(runs);
      ofRun[run].set(
        ts,
        kind === seriesKinds.number ? random(9_999) / 100 : kind === seriesKinds.string ? `t${random(5)}` : random(2),
      );
    }
    return ofRun;
  });
}

test('runs are packed into one with the same readings, in chunks that follow each other and are well filled', () => {
  const random = randomNumbers(5);
  for (let round = 0; round < 12; round++) {
    const db = new Database(':memory:');
    createChunkTables(db);
    const insert = openChunkInsert(db);
    const bySeries = randomRuns(random);
    const runs = bySeries[0].length;
    bySeries.forEach((ofRun, index) => {
      ofRun.forEach((values, run) => {
        const times = [...values.keys()].sort((a, b) => a - b);
        const readings = createReadings(1);
        reserveSeriesReadings(readings, times.length);
        readings.count = times.length;
        readings.ts.set(times);
        const inOrder = times.map((ts) => values.get(ts) as Value);
        if (kinds[index] === seriesKinds.string) readings.texts = inOrder as string[];
        else readings.value.set(inOrder as number[]);
        for (let from = 0; from < times.length; ) {
          const n = Math.min(times.length - from, 1 + random(readingsMax));
          const row = pack(kinds[index], index + 1, readings, from, n, -1);
          insert(run + 1, row);
          from += row[at.n];
        }
      });
    });
    const leftOut = random(8) === 0 ? 1 : 0;
    const packing = repack({
      db,
      sources: Array.from({ length: runs }, (_, run) => chunkSource(db, '', run + 1)),
      keeps: (series) => series !== leftOut,
      kindOf: (series) => kinds[series - 1],
      put: (row) => insert(target, row),
      putDamaged: () => assert.fail('no chunk is damaged'),
    });
    let step = packing.next();
    while (!step.done) step = packing.next();
    let total = 0;
    bySeries.forEach((ofRun, index) => {
      const series = index + 1;
      const wanted = series === leftOut ? [] : ofRun.flatMap((values) => [...values]).sort((a, b) => a[0] - b[0]);
      total += wanted.length;
      const rows = openChunkReads(db).ascending({ run: target, series, from: 0, to: 2 ** 53, limit: 1e6 });
      const back = createReadings(1);
      let last = 0;
      for (const row of rows) {
        assert.ok(row[at.t0] > last, 'chunks of a run follow each other');
        last = lastTimeOf(row);
        reserveSeriesReadings(back, readingsMax);
        unpack(row, back);
      }
      const got = Array.from(back.ts.subarray(0, back.count), (ts, i) => [ts, back.texts[i] ?? back.value[i]]);
      assert.deepEqual(got, wanted);
      assert.ok(
        rows.length <= 2 + (2.2 * wanted.length) / readingsMax,
        `${rows.length} chunks of ${wanted.length} readings`,
      );
    });
    assert.equal(step.value, total);
    db.close();
  }
});
