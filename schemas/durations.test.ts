import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMsIn, spanMsIn } from './durations.js';

test('a duration has a number and one unit', () => {
  assert.deepEqual(
    ['250ms', '60s', '1.5m', '1h', '2d', '0s'].map(durationMsIn),
    [250, 60_000, 90_000, 3_600_000, 172_800_000, 0],
  );
});

test('any other text is not a duration', () => {
  for (const text of ['', '5', 's', '-5s', '5 s', '5S', '5sec', '1h30m', '.5s', '5.s', 'soon', '1e3s', 'Infinityms'])
    assert.equal(durationMsIn(text), null, text);
});

test('a span on a command line has a unit, or is seconds', () => {
  assert.deepEqual(['10', '0.5', '10s', '1d'].map(spanMsIn), [10_000, 500, 10_000, 86_400_000]);
  for (const text of ['', '-5', '5x', '.5', '5.', 'soon', '1e3', ' 5']) assert.equal(spanMsIn(text), null, text);
});
