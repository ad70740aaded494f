import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addFrame, createBatch, reserveReadings } from '../ingest/batch.js';
import type { Batch } from './calls.js';
import { decodeFrames, decodeReadings, encodeFrames, encodeReadings, timeRangeOf } from './logRow.js';

interface Row {
  series: number;
  ts: number;
  value: number;
}

function batchOf(rows: Row[]): Batch {
  const batch = createBatch();
  reserveReadings(batch, rows.length);
  for (const { series, ts, value } of rows) {
    batch.series[batch.readings] = series;
    batch.ts[batch.readings] = ts;
    batch.value[batch.readings++] = value;
  }
  return batch;
}

function roundTrip(rows: Row[]): Row[] {
  const batch = batchOf(rows);
  const decoded = decodeReadings(encodeReadings(batch, timeRangeOf(batch)));
  return Array.from({ length: decoded.readings }, (_, i) => ({
    series: decoded.series[i],
    ts: decoded.ts[i],
    value: decoded.value[i],
  }));
}

const times = fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 });
const value = fc.oneof(fc.double({ noNaN: true }), fc.float({ noNaN: true }), fc.integer());
const row = fc.record({ series: fc.nat(0xffff_ffff), ts: times, value });

test('readings come back as they were stored, whatever the width of their times and values', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 200 }), (rows) => {
      assert.deepEqual(
        roundTrip(rows),
        rows.map((one) => ({ ...one })),
      );
    }),
    { seed: 1 },
  );
});

test('near times take 4 bytes and far ones 8, exact floats 4 and others 8', () => {
  const sizeOf = (rows: Row[]): number => encodeReadings(batchOf(rows), timeRangeOf(batchOf(rows))).length;
  const near = [1, 2, 3, 4].map((ts) => ({ series: 1, ts, value: 0.5 }));
  assert.equal(sizeOf(near), 16 + 4 * 12);
  assert.equal(sizeOf(near.map((one) => ({ ...one, value: 0.1 }))), 16 + 4 * 16);
  assert.equal(sizeOf(near.map((one, i) => ({ ...one, ts: i * 2 ** 40, value: 0.1 }))), 16 + 4 * 20);
});

test('frames come back as they were stored, also from a blob at an odd address', () => {
  const batch = createBatch();
  for (let i = 0; i < 700; i++) addFrame(batch, i, 2 * i, 0xffff_ffff - i, i % 7, 1_795_305_600_000 - i);
  const blob = encodeFrames(batch, 1_795_305_600_100);
  const shifted = new Uint8Array(blob.length + 1).subarray(1);
  shifted.set(blob);
  for (const bytes of [blob, shifted]) {
    const frames = decodeFrames(bytes, 1_795_305_600_100);
    assert.equal(frames.count, 700);
    for (const i of [0, 1, 699]) {
      assert.deepEqual(
        [frames.device[i], frames.stream[i], frames.seq[i], frames.readings[i], frames.receivedAt[i]],
        [i, 2 * i, 0xffff_ffff - i, i % 7, 1_795_305_600_000 - i],
      );
    }
  }
});

test('a row of a later version is refused rather than misread', () => {
  const batch = batchOf([{ series: 1, ts: 1, value: 1 }]);
  const blob = encodeReadings(batch, timeRangeOf(batch));
  blob[0] = 2;
  assert.throws(() => decodeReadings(blob), /version 2/);
});
