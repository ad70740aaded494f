import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMsIn } from './durations.js';

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
