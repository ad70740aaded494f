import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addFrame, type Batch, createBatch } from '../../columns/batch.js';
import { reserveReadings } from '../../columns/readingColumns.js';
import { decodeFrames, decodeReadings, encodeFrames, encodeReadings, timeRangeOf } from './rowBlobs.js';

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

test('readings are read as they were stored, whatever the width of their times and values', () => {
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

test('times within a minute take 2 bytes, near ones 4 and far ones 8, exact floats 4 and others 8', () => {
  const sizeOf = (rows: Row[]): number => encodeReadings(batchOf(rows), timeRangeOf(batchOf(rows))).length;
  const sameMinute = [1, 2, 3, 4].map((ts) => ({ series: 1, ts, value: 0.5 }));
  assert.equal(sizeOf(sameMinute), 16 + 4 * 10);
  assert.equal(sizeOf(sameMinute.map((one, i) => ({ ...one, ts: i * 21_845 }))), 16 + 4 * 10);
  const near = [1, 2, 3, 65_537].map((ts) => ({ series: 1, ts, value: 0.5 }));
  assert.equal(sizeOf(near), 16 + 4 * 12);
  assert.equal(sizeOf(near.map((one) => ({ ...one, value: 0.1 }))), 16 + 4 * 16);
  assert.equal(sizeOf(near.map((one, i) => ({ ...one, ts: i * 2 ** 40, value: 0.1 }))), 16 + 4 * 20);
});

for (const [form, change, columns] of [
  ['narrow', {}, 4],
  ['wide for its readings', { readings: 65_536 }, 5],
  ['wide for a receipt long before', { receivedAt: 1_795_305_500_000 }, 5],
] as const)
  test(`frames are read as they were stored, also from a blob at an odd address: ${form}`, () => {
    const batch = createBatch();
    const committedAt = 1_795_305_600_100;
    const given = Array.from({ length: 700 }, (_, i) => {
      const usual = { readings: i === 0 ? 65_535 : i % 7, receivedAt: committedAt - 32_768 + 93 * i };
      return { device: i, stream: 2 * i, seq: 0xffff_ffff - i, ...usual, ...(i === 5 ? change : {}) };
    });
    for (const { device, stream, seq, readings, receivedAt } of given)
      addFrame(batch, device, stream, seq, readings, receivedAt);
    const blob = encodeFrames(batch, committedAt);
    assert.equal(blob.length, 4 + 700 * 4 * columns);
    const shifted = new Uint8Array(blob.length + 1).subarray(1);
    shifted.set(blob);
    for (const bytes of [blob, shifted]) {
      const { count, device, stream, seq, readings, receivedAt } = decodeFrames(bytes, committedAt);
      const found = Array.from({ length: count }, (_, i) => {
        return { device: device[i], stream: stream[i], seq: seq[i], readings: readings[i], receivedAt: receivedAt[i] };
      });
      assert.deepEqual(found, given);
    }
  });

test('a row of a later version is refused', () => {
  const batch = batchOf([{ series: 1, ts: 1, value: 1 }]);
  const blob = encodeReadings(batch, timeRangeOf(batch));
  blob[0] = 2;
  assert.throws(() => decodeReadings(blob), /version 2/);
});

test('the indexes of late readings come back, at any count and width, and none take no byte', () => {
  const rows = [1, 2, 3, 4, 5].map((ts) => ({ series: 1, ts, value: 0.5 }));
  const plain = encodeReadings(batchOf(rows), timeRangeOf(batchOf(rows))).length;
  for (const late of [[], [0], [1, 4], [0, 1, 2, 3, 4]])
    for (const last of [5, 65_537, 2 ** 40])
      for (const value of [0.5, 0.1]) {
        const batch = batchOf([...rows.slice(0, 4), { series: 1, ts: last, value }]);
        if (late.length > 0) batch.late = Uint32Array.from(late);
        const blob = encodeReadings(batch, timeRangeOf(batch));
        assert.deepEqual([...(decodeReadings(blob).late ?? [])], late);
        if (late.length === 0 && last === 5 && value === 0.5) assert.equal(blob.length, plain);
      }
});
