import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClockGuard } from './clockGuard.js';

const day = 86_400_000;
const start = 1_795_305_600_000;

/** A guard at `start`, with the pauses that it asked to store. */
function guardAt(more: Partial<Parameters<typeof createClockGuard>[0]> = {}) {
  const kept: string[] = [];
  const pause = (why: string): void => void kept.push(why);
  const options = { builtAt: start - 100 * day, newestCommitAt: start - 1_000, startedAt: start, paused: null, pause };
  return { guard: createClockGuard({ ...options, ...more }), kept };
}

test('a clock that advances with the steady clock pauses nothing, also after a long wait', () => {
  const { guard, kept } = guardAt();
  for (const after of [0, 1_000, 2_000, 3 * day, 3 * day + 500]) assert.equal(guard.tick(start + after, after), false);
  assert.equal(guard.retentionPaused(), null);
  assert.deepEqual(kept, []);
});

test('a step ahead of more than a day pauses retention once, until the clock is confirmed', () => {
  const { guard, kept } = guardAt();
  guard.tick(start, 0);
  assert.equal(guard.tick(start + day, 1), false, 'a day is not more than a day');
  assert.equal(guard.tick(start + 3 * day, 2), true);
  assert.equal(guard.tick(start + 9 * day, 3), false, 'it is paused already');
  assert.match(guard.retentionPaused() ?? '', /^the clock stepped ahead by 2\.0 days$/);
  assert.equal(kept.length, 1);
  guard.confirm(start + 9 * day);
  assert.equal(guard.retentionPaused(), null);
  assert.equal(guard.tick(start + 9 * day, 3), false);
});

test('a step back pauses nothing, but the step forward after it does', () => {
  const { guard } = guardAt();
  guard.tick(start, 0);
  assert.equal(guard.tick(start - 60 * day, 1), false);
  assert.equal(guard.tick(start, 2), true);
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
