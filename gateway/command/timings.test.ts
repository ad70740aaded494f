import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandTimings } from './timings.js';

test('without a command the quantiles are 0', () => {
  const none = { '0.5': 0, '0.99': 0 };
  assert.deepEqual(new CommandTimings().quantiles(), { toReceived: none, toDone: none });
});

test('only states that a device reports are timed, in seconds', () => {
  const timings = new CommandTimings();
  for (const state of ['queued', 'sent', 'expired', 'timed_out', 'cancelled'] as const) timings.record(state, 60_000);
  for (let ms = 1; ms <= 100; ms++) timings.record('received', ms);
  for (const state of ['succeeded', 'failed', 'rejected'] as const) timings.record(state, 2_000);
  const { toReceived, toDone } = timings.quantiles();
  assert.deepEqual(toReceived, { '0.5': 0.05, '0.99': 0.099 });
  assert.deepEqual([toDone['0.5'].toFixed(1), toDone['0.99'].toFixed(1)], ['2.0', '2.0']);
});

test('a clock that went back counts as the shortest time', () => {
  const timings = new CommandTimings();
  timings.record('received', -5);
  timings.record('received', 0.2);
  assert.equal(timings.quantiles().toReceived['0.99'], 0.001);
});
