import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSchedule } from './schedule.js';

test('due work runs in the order of its times, and none before its time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 })), fc.integer({ min: 0, max: 100 }), (times, now) => {
      const schedule = createSchedule();
      const done: number[] = [];
      for (const at of times) schedule.add(at, () => done.push(at));
      schedule.run(now);
      assert.deepEqual(
        done,
        times.filter((at) => at <= now).sort((a, b) => a - b),
      );
      schedule.run(100);
      assert.equal(done.length, times.length);
    }),
  );
});

test('due work may be interrupted and continued', () => {
  const schedule = createSchedule();
  const done: number[] = [];
  for (const at of [3, 1, 2]) schedule.add(at, () => done.push(at));
  assert.equal(
    schedule.run(5, () => done.length < 2),
    false,
  );
  assert.deepEqual(done, [1, 2]);
  assert.equal(schedule.run(5), true);
  assert.deepEqual(done, [1, 2, 3]);
});

test('work that is added during a run also runs if it is due', () => {
  const schedule = createSchedule();
  const done: number[] = [];
  const every = (at: number): void =>
    schedule.add(at, () => {
      done.push(at);
      every(at + 10);
    });
  every(0);
  schedule.add(Number.POSITIVE_INFINITY, () => assert.fail('never'));
  schedule.run(35);
  assert.deepEqual(done, [0, 10, 20, 30]);
});
