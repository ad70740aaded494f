import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLatencies, percentileMs, record, since, sumOf } from './latencies.js';

test('a percentile differs from that of the sorted times by at most 1 %', () => {
  const times = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 100 }), (all, percent) => {
      const latencies = createLatencies();
      for (const ms of all) record(latencies, ms);
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
      return Math.abs(percentileMs(latencies, percent) - exact) <= 0.06 + exact / 100;
    }),
  );
});

test('times of several processes add up, and earlier ones can be subtracted', () => {
  const [a, b] = [createLatencies(), createLatencies()];
  for (let n = 0; n < 10; n++) record(a, 5);
  for (let n = 0; n < 10; n++) record(b, 500);
  const both = sumOf([a, b]);
  assert.deepEqual([percentileMs(both, 50), percentileMs(both, 51) > 490], [5, true]);
  assert.ok(percentileMs(since(both, a), 1) > 490);
  assert.equal(percentileMs(since(both, both), 50), 0);
});

test('a time out of range is counted at the end of the range', () => {
  const latencies = createLatencies();
  for (const ms of [-5, 0, 1e12, Number.POSITIVE_INFINITY]) record(latencies, ms);
  assert.equal(percentileMs(latencies, 50), 0);
  assert.ok(percentileMs(latencies, 100) > 4e6);
});
