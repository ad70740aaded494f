import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisTexts } from './axisTexts.js';
import { gapLimit, pointsOf, summaryOf, valueAt } from './points.js';

const readings = (times: number[], value = 1) => times.map((ts) => ({ metric: 'm', ts, value }));
const all = { from: 0, to: Number.MAX_SAFE_INTEGER };

test('a pause of more than 3.5 usual intervals is a gap, and fewer than three readings have none', () => {
  const times = [0, 10_000, 20_000, 30_000, 40_000, 75_000, 110_001, 120_000];
  assert.equal(gapLimit(readings([0, 99_000]), null), Number.POSITIVE_INFINITY);
  assert.equal(gapLimit(readings([0, 10_000, 20_000]), null), 35_000);
  assert.ok(
    !pointsOf(readings(times), null).line.includes(null),
    'of seven intervals two are longer, so 35 s are usual',
  );
  const regular = [...Array.from({ length: 20 }, (_, i) => i * 10_000), 225_001];
  assert.deepEqual(pointsOf(readings(regular), null).line.filter((value) => value === null).length, 1);
  assert.deepEqual(pointsOf(readings(regular.with(-1, 225_000)), null).line.includes(null), false);
});

test('readings faster than once per second, and buckets, have no gap shorter than 3.5 s or 3.5 buckets', () => {
  assert.equal(gapLimit(readings([0, 100, 200, 300]), null), 3_500);
  assert.equal(gapLimit(readings([0, 100, 200, 300]), 60_000), 210_000);
  assert.equal(gapLimit(readings([0, 3_600_000, 7_200_000]), 60_000), 3.5 * 3_600_000, 'sent once per hour');
});

test('buckets make a line of their means and a band; what is no number is left out', () => {
  const bucket = { metric: 'm', ts: 1_000, avg: 2, min: 1, max: 4, count: 3, first: 1, last: 4, sum: 6 };
  assert.deepEqual(pointsOf([bucket], 1_000), { x: [1], line: [2], low: [1], high: [4] });
  assert.deepEqual(pointsOf([{ metric: 'm', ts: 0, value: 'on' }], null).line, [null]);
  assert.deepEqual(pointsOf([], null).x, []);
});

test('a summary counts what is in the range, bands included', () => {
  const points = { x: [1, 2, 3, 4], line: [5, 7, null, 9], low: [5, 6, null, 9], high: [5, 8, null, 9] };
  assert.deepEqual(summaryOf(points, all), { least: 5, greatest: 9, mean: 7, gaps: 1 });
  assert.deepEqual(summaryOf(points, { from: 1_500, to: 2_500 }), { least: 6, greatest: 8, mean: 7, gaps: 0 });
  assert.equal(summaryOf(points, { from: 5_000, to: 6_000 }), null);
  assert.equal(summaryOf(points, { from: 2_900, to: 3_100 }), null, 'only a gap');
});

test('the value at a time is that of the nearest point, and none in a gap', () => {
  const points = { x: [1, 2, 3, 4], line: [5, 7, null, 9], low: [], high: [] };
  assert.deepEqual(
    [0, 1_400, 1_600, 2_900, 9_000].map((ts) => valueAt(points, ts)),
    [5, 5, 7, null, 9],
  );
  assert.equal(valueAt({ x: [], line: [], low: [], high: [] }, 5), null);
});

test('labels of an axis differ as long as its steps do', () => {
  assert.deepEqual(axisTexts([0, 0.001, 0.002], 1), ['0.000', '0.001', '0.002']);
  assert.deepEqual(axisTexts([1013.25, 1013.3, 1013.35], 1), ['1,013.25', '1,013.30', '1,013.35']);
  assert.deepEqual(axisTexts([10_000, 12_500, 15_000], 1_000), ['10.0', '12.5', '15.0']);
  assert.deepEqual(axisTexts([5], 1), ['5.00']);
  assert.deepEqual(axisTexts([], 1), []);
});
