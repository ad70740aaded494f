import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import {
  type BucketRow,
  bucketColumns,
  bucketsIndex,
  createBucketTables,
  createBucketViews,
  packBuckets,
  unpackBuckets,
} from './bucketChunk.js';
import { addReadings, createBuckets, sumAt } from './buckets.js';
import { createReadings, reserveSeriesReadings } from './chunk.js';
import { DamagedChunkError } from './packing.js';
import { randomNumbers } from './random.fixture.js';

const minute = 60_000;

interface Expected {
  ts: number;
  count: number;
  min: number | null;
  max: number | null;
  sum: number | null;
  first: number | string;
  last: number | string;
}

/** Buckets by the definition, slowly. */
function expectedOf(kind: SeriesKind, readings: [ts: number, value: number | string][]): Expected[] {
  const byBucket = new Map<number, (number | string)[]>();
  for (const [ts, value] of readings) {
    const start = Math.floor(ts / minute) * minute;
    byBucket.set(start, [...(byBucket.get(start) ?? []), value]);
  }
  return [...byBucket].map(([ts, values]) => {
    const amounts = kind === seriesKinds.number ? (values as number[]) : null;
    return {
      ts,
      count: values.length,
      min: amounts === null ? null : Math.min(...amounts),
      max: amounts === null ? null : Math.max(...amounts),
      sum: amounts === null ? null : amounts.reduce((a, b) => a + b, 0),
      first: values[0],
      last: values[values.length - 1],
    };
  });
}

const near = (a: unknown, b: unknown): boolean =>
  typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a)) : a === b;

test('aggregates come back from the code and from plain SQL as they were made', () => {
  const random = randomNumbers(3);
  const db = new Database(':memory:');
  db.exec('CREATE TABLE series (id INTEGER PRIMARY KEY, device TEXT, metric TEXT, unit TEXT, kind TEXT)');
  createBucketTables(db);
  createBucketViews(db, { readings_1m: minute });
  const names = bucketColumns.split(', ');
  const insert = db.prepare(`INSERT INTO bucket (${bucketColumns}) VALUES (${names.map(() => '?').join(', ')})`);
  for (let id = 1; id <= 120; id++) {
    const kind = [seriesKinds.number, seriesKinds.number, seriesKinds.string, seriesKinds.boolean][random(4)];
    const power = 10 ** random(4);
    const value = [
      () => random(1_000_000) / power,
      () => Math.sin(random(1_000)),
      () => 7,
      () => -random(2 ** 31) * 2 ** 20,
    ][random(4)];
    const texts = ['', 'open', 'zu', '°C', 'x'.repeat(1_024)];
    const makeValue = (): number | string =>
      kind === seriesKinds.number ? value() : kind === seriesKinds.string ? texts[random(5)] : random(2);
    const step = [1_000, 10_000, 59_999, minute, 400_000][random(5)];
    let ts = 1_790_000_000_000 + random(86_400_000);
    const given: [number, number | string][] = [];
    for (let i = 1 + random(900); i > 0; i--) given.push([(ts += 1 + random(2 * step)), makeValue()]);

    const readings = createReadings(1);
    reserveSeriesReadings(readings, given.length);
    readings.count = given.length;
    readings.ts.set(given.map(([at]) => at));
    if (kind === seriesKinds.string) readings.texts = given.map(([, text]) => text as string);
    else readings.value.set(given.map(([, number]) => number as number));
    const buckets = createBuckets(1);
    const cut = random(given.length + 1);
    addReadings(buckets, kind, minute, readings, 0, cut);
    addReadings(buckets, kind, minute, readings, cut, given.length);

    const kindName = ['number', 'string', 'boolean'][kind];
    db.prepare("INSERT INTO series VALUES (?, 'd', ?, NULL, ?)").run(id, String(id), kindName);
    const back = createBuckets(1);
    for (let from = 0; from < buckets.count; ) {
      const row = packBuckets(kind, id, minute, buckets, from, buckets.count - from);
      insert.run(...row);
      unpackBuckets(row.with(-1, Uint8Array.from(row[row.length - 1] as Uint8Array)) as BucketRow, back);
      from += row[bucketsIndex];
    }
    const want = expectedOf(kind, given);
    const textOr = (index: number): number | string => (kind === seriesKinds.string ? back.texts[index] : index);
    const got = Array.from(back.ts.subarray(0, back.count), (start, b) => ({
      ts: start,
      count: back.readings[b],
      min: kind === seriesKinds.number ? back.min[b] : null,
      max: kind === seriesKinds.number ? back.max[b] : null,
      sum: kind === seriesKinds.number ? sumAt(back, b) : null,
      first: textOr(back.first[b]),
      last: textOr(back.last[b]),
    }));
    const sql = db
      .prepare<[string], Expected>(
        "SELECT ts, count, min, max, sum, first, last FROM readings_1m WHERE device = 'd' AND metric = ?",
      )
      .all(String(id));
    for (const answer of [got, sql]) {
      assert.equal(answer.length, want.length);
      answer.forEach((bucket, i) => {
        const { sum, ...exact } = bucket;
        const { sum: wantedSum, ...wanted } = want[i];
        assert.deepEqual(exact, wanted);
        assert.ok(near(sum, wantedSum), `${sum} ${wantedSum}`);
      });
    }
    const bounds = Array.from(back.ts.subarray(0, back.count), (_, b) => [back.firstAt[b], back.lastAt[b]]);
    const times = given.map(([at]) => at);
    for (const [b, [first, last]] of bounds.entries()) {
      const inBucket = times.filter((at) => at >= back.ts[b] && at < back.ts[b] + minute);
      assert.deepEqual([first, last], [inBucket[0], inBucket.at(-1)]);
    }
  }
});

test('a changed byte of aggregates is found', () => {
  const readings = createReadings(100);
  for (let i = 0; i < 100; i++) {
    readings.ts[i] = 1_790_000_000_000 + 7_000 * i;
    readings.value[i] = i / 10;
  }
  const buckets = createBuckets(1);
  addReadings(buckets, seriesKinds.number, minute, readings, 0, 100);
  const row = packBuckets(seriesKinds.number, 1, minute, buckets, 0, buckets.count);
  const b = Uint8Array.from(row[row.length - 1] as Uint8Array);
  const into = createBuckets(1);
  for (let i = 0; i < b.length; i++) {
    const damaged = row.with(-1, b.with(i, b[i] ^ 0x10)) as BucketRow;
    assert.throws(() => unpackBuckets(damaged, into), DamagedChunkError);
  }
  assert.equal(into.count, 0);
});

test('a sum beyond the largest number is infinite for plain SQL too', () => {
  const db = new Database(':memory:');
  db.exec(`
    CREATE TABLE series (id INTEGER PRIMARY KEY, device TEXT, metric TEXT, unit TEXT, kind TEXT);
    INSERT INTO series VALUES (1, 'd', 'm', NULL, 'number')`);
  createBucketTables(db);
  createBucketViews(db, { readings_1m: minute });
  const readings = createReadings(4);
  readings.count = 4;
  readings.ts.set([minute, minute + 1, 2 * minute, 2 * minute + 1]);
  readings.value.set([1e308, 1e308, -1e308, -1e308]);
  const buckets = createBuckets(2);
  addReadings(buckets, seriesKinds.number, minute, readings, 0, 4);
  const places = bucketColumns.split(', ').map(() => '?');
  db.prepare(`INSERT INTO bucket (${bucketColumns}) VALUES (${places.join(', ')})`).run(
    ...packBuckets(seriesKinds.number, 1, minute, buckets, 0, 2),
  );
  assert.deepEqual(db.prepare('SELECT sum FROM readings_1m ORDER BY ts').pluck().all(), [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]);
  db.close();
});
