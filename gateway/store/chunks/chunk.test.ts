import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { seriesKinds } from '../../domain/series.js';
import { at, type ChunkRow, createReadings, pack, readingsMax, unpack } from './chunk.js';
import { createChunkTables, createChunkViews, openChunkInsert, openChunkReads } from './chunkTable.js';
import { DamagedChunkError } from './packing.js';
import { randomNumbers } from './random.fixture.js';

function emptyDay(): Database.Database {
  const db = new Database(':memory:');
  db.exec(`
    CREATE TABLE series (id INTEGER PRIMARY KEY, device TEXT, metric TEXT, unit TEXT, kind TEXT);
    CREATE TABLE runs (id INTEGER PRIMARY KEY);
    INSERT INTO runs VALUES (1)`);
  createChunkTables(db);
  createChunkViews(db);
  return db;
}

const copied = (row: ChunkRow): ChunkRow => row.with(at.b, Uint8Array.from(row[at.b])) as ChunkRow;

const f64 = new Float64Array(1);
const f32 = new Float32Array(1);
const bits = new Uint32Array(f64.buffer);
const bits32 = new Uint32Array(f32.buffer);

/** Values of every form: decimals of any size, raw floats with subnormals and both zeros, integers up to 2^53. */
function numbers(random: (below: number) => number, n: number): number[] {
  const kind = random(9);
  const power = 10 ** random(10);
  const size = 2 ** random(50);
  return Array.from({ length: n }, () => {
    if (kind === 0) {
      bits[0] = random(2 ** 32);
      bits[1] = random(2 ** 32);
      return Number.isFinite(f64[0]) ? f64[0] : 5e-324;
    }
    if (kind === 1) {
      bits32[0] = random(2 ** 32);
      return Number.isFinite(f32[0]) ? f32[0] : -0;
    }
    if (kind === 2) return [0, -0, 1, -1, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER][random(6)];
    if (kind === 3) return [5e-324, 2.2250738585072014e-308, -2.225073858507201e-308, Number.MAX_VALUE][random(4)];
    if (kind === 4) return -random(5) / power;
    return (random(size) - random(size)) / power;
  });
}

function times(random: (below: number) => number, n: number): number[] {
  const step = [0, 1, 1_000, 10_000, 3_600_000][random(5)];
  const jitter = [0, 1, 40, 70_000, 20_000_000][random(5)];
  const ts: number[] = [];
  for (let last = 1_790_000_000_000 + random(86_400_000); ts.length < n; last += 1 + step + random(jitter + 1))
    ts.push(last + (random(200) === 0 ? random(2 ** 31) : 0));
  return [...new Set(ts)].sort((a, b) => a - b);
}

test('any reading comes back bit for bit, from the code and from plain SQL', () => {
  const random = randomNumbers(1);
  const db = emptyDay();
  const insert = openChunkInsert(db);
  const reads = openChunkReads(db);
  for (let id = 1; id <= 400; id++) {
    const kind = [seriesKinds.number, seriesKinds.number, seriesKinds.string, seriesKinds.boolean][random(4)];
    const ts = times(random, 1 + random(random(3) === 0 ? readingsMax : 30));
    const readings = createReadings(readingsMax);
    const texts = ['', 'open', 'zu\u0000', '°C', '\ufeffx', '😀', 'x'.repeat(random(1_024))];
    readings.ts.set(ts);
    readings.texts = ts.map(() => texts[random(texts.length)]);
    readings.value.set(kind === seriesKinds.boolean ? ts.map(() => random(2)) : numbers(random, ts.length));
    db.prepare("INSERT INTO series VALUES (?, 'd', ?, NULL, 'number')").run(id, String(id));
    for (let from = 0; from < ts.length; ) {
      const row = pack(kind, id, readings, from, ts.length - from, random(12) - 1);
      insert(1, row);
      const back = createReadings(readingsMax);
      unpack(copied(row), back);
      assert.equal(back.count, row[at.n]);
      from += row[at.n];
    }
    const want = ts.map((time, i) => [time, kind === seriesKinds.string ? readings.texts[i] : readings.value[i]]);
    const sql = db.prepare('SELECT ts, value FROM readings WHERE device = ? AND metric = ?').raw().all('d', String(id));
    assert.deepEqual(sql, want);
    const back = createReadings(readingsMax * 2);
    for (const row of reads.ascending({ run: 1, series: id, from: 0, to: 2 ** 53, limit: 1_000 })) unpack(row, back);
    assert.deepEqual(
      Array.from(back.ts.subarray(0, back.count), (time, i) => [
        time,
        kind === seriesKinds.string ? back.texts[i] : back.value[i],
      ]),
      want,
    );
  }
});

test('a changed byte of any column is found, and nothing of the chunk is returned', () => {
  const readings = createReadings(readingsMax);
  for (let i = 0; i < 40; i++) {
    readings.ts[i] = 1_790_000_000_000 + 10_000 * i + (i % 3);
    readings.value[i] = i / 10;
  }
  const row = copied(pack(seriesKinds.number, 7, readings, 0, 40, -1));
  const into = createReadings(readingsMax);
  for (let column = 0; column < row.length; column++) {
    const before = row[column] as number | Uint8Array;
    for (const changed of typeof before === 'number'
      ? [before + 1, null]
      : Array.from(before, (_, i) => flipped(before, i))) {
      const damaged = row.with(column, changed as number) as ChunkRow;
      assert.throws(() => unpack(damaged, into), DamagedChunkError, `column ${column}`);
    }
  }
  assert.equal(into.count, 0);
  unpack(row, into);
  assert.equal(into.count, 40);
});

const flipped = (bytes: Uint8Array, i: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, j) => (i === j ? byte ^ 1 : byte));
