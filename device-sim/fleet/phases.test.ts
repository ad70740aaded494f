import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stageAt, timedPhases } from './phases.js';

const phases = [
  { name: 'steady', seconds: 10 },
  { name: 'burst', seconds: 5, rate: 10 },
];

test('phases follow each other, and are scaled to a given duration', () => {
  assert.deepEqual(
    timedPhases(phases, undefined).map(({ fromMs, untilMs, rate }) => [fromMs, untilMs, rate]),
    [
      [0, 10_000, 1],
      [10_000, 15_000, 10],
    ],
  );
  assert.deepEqual(
    timedPhases(phases, 30_000).map(({ fromMs, untilMs }) => [fromMs, untilMs]),
    [
      [0, 20_000],
      [20_000, 30_000],
    ],
  );
});

test('without phases the load is even for the given duration', () => {
  assert.equal(timedPhases([], undefined)[0].untilMs, Number.POSITIVE_INFINITY);
  assert.equal(timedPhases([], 500)[0].untilMs, 500);
});

test('the ramp comes before the phases, and the drain after them', () => {
  const timed = timedPhases(phases, undefined);
  assert.deepEqual(
    [-1, 0, 9_999, 10_000, 15_000].map((ms) => stageAt(timed, ms)),
    ['ramp', 'steady', 'steady', 'burst', 'drain'],
  );
});
