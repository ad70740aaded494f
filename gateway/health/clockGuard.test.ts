import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClockGuard } from './clockGuard.js';

const day = 86_400_000;
const start = 1_795_305_600_000;

/** A guard at `start`, with the pauses that it asked to store. */
function guardAt(more: Partial<Parameters<typeof createClockGuard>[0]> = {}) {
  const kept: string[] = [];
  const steps: number[] = [];
  const pause = (why: string): void => void kept.push(why);
  const options = { builtAt: start - 100 * day, newestCommitAt: start - 1_000, startedAt: start, paused: null, pause };
  const sums = { steppedAheadMs: 0, stepped: (ms: number): void => void steps.push(ms) };
  return { guard: createClockGuard({ ...options, ...sums, ...more }), kept, steps };
}

test('a clock that advances with the steady clock pauses nothing, also after a long wait', () => {
  const { guard, kept } = guardAt();
  for (const after of [0, 1_000, 2_000, 3 * day, 3 * day + 500]) assert.equal(guard.tick(start + after, after), 0);
  assert.equal(guard.retentionPaused(), null);
  assert.deepEqual(kept, []);
});

test('a step ahead of more than a day pauses retention once, until the clock is confirmed', () => {
  const { guard, kept } = guardAt();
  guard.tick(start, 0);
  guard.tick(start + day + 1, 1);
  assert.equal(guard.retentionPaused(), null, 'a day is not more than a day');
  guard.tick(start + 3 * day, 2);
  guard.tick(start + 9 * day, 3);
  assert.match(guard.retentionPaused() ?? '', /^the clock stepped ahead by 3\.0 days$/);
  assert.equal(kept.length, 1, 'it is paused already');
  guard.confirm(start + 9 * day);
  assert.equal(guard.retentionPaused(), null);
  guard.tick(start + 9 * day, 3);
  assert.equal(guard.retentionPaused(), null);
});

test('small steps ahead add up until someone confirms the clock, also over restarts, and drift does not', () => {
  const { guard, steps } = guardAt();
  const hours = (n: number): number => n * 3_600_000;
  guard.tick(start, 0);
  guard.tick(start + hours(23), 1);
  assert.equal(guard.retentionPaused(), null);
  assert.equal(guard.tick(start + hours(46), 2), hours(23) - 1);
  assert.match(guard.retentionPaused() ?? '', /stepped ahead by 1\.9 days/);
  guard.confirm(start + hours(46));
  guard.tick(start + hours(46), 2);
  guard.tick(start + hours(69), 3);
  assert.equal(guard.retentionPaused(), null, 'they count from the confirmation on');
  const again = guardAt({ steppedAheadMs: steps.at(-1) });
  again.guard.tick(start + hours(69), 0);
  assert.equal(again.guard.retentionPaused(), null);
  again.guard.tick(start + hours(92), 1);
  assert.match(again.guard.retentionPaused() ?? '', /stepped ahead by 1\.9 days/);
  const swinging = guardAt();
  for (let n = 0; n < 40; n++) swinging.guard.tick(start + (n % 2) * hours(23) + n, n);
  assert.equal(swinging.guard.retentionPaused(), null, 'it is never more than 23 hours ahead');
  assert.ok(swinging.steps.length > 0);
  const jitter = guardAt();
  for (let n = 0; n < 100_000; n++) jitter.guard.tick(start + 1_000 * n + (n % 2), 1_000 * n);
  assert.deepEqual(jitter.steps, []);
});

test('a step back pauses nothing, but the step forward after it does', () => {
  const { guard } = guardAt();
  guard.tick(start, 0);
  guard.tick(start - 60 * day, 1);
  assert.equal(guard.retentionPaused(), null);
  guard.tick(start, 2);
  assert.match(guard.retentionPaused() ?? '', /60\.0 days/);
});

test('a pause lasts over a restart, also if the newest commit is recent', () => {
  const { guard, kept } = guardAt({ paused: 'the clock stepped ahead by 60.0 days' });
  assert.equal(guard.retentionPaused(), 'the clock stepped ahead by 60.0 days');
  assert.deepEqual(kept, [], 'the pause is stored already');
});

test('a start long after the newest commit pauses retention, but the first start of a gateway does not', () => {
  const long = guardAt({ newestCommitAt: start - 8 * day });
  assert.match(long.guard.retentionPaused() ?? '', /8\.0 days ahead of the newest commit/);
  assert.equal(long.kept.length, 1);
  assert.equal(guardAt({ newestCommitAt: start - 7 * day }).guard.retentionPaused(), null);
  assert.equal(guardAt({ newestCommitAt: 0 }).guard.retentionPaused(), null);
});

test('a clock before the build, or more than a minute before the newest commit, is not trusted', () => {
  const { guard } = guardAt();
  assert.equal(guard.trusts(start), true);
  assert.equal(guard.trusts(start - 1_000 - 60_000), true);
  assert.equal(guard.trusts(start - 1_000 - 60_001), false);
  assert.equal(guardAt({ builtAt: start + 1, newestCommitAt: 0 }).guard.trusts(start), false);
  guard.committed(start + 10 * day);
  assert.equal(guard.trusts(start), false);
  guard.confirm(start);
  assert.equal(guard.trusts(start), true);
});
