import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkWatch } from './linkWatch.js';

/** A watch over a link that began at 1,000 ms and got its welcome at once. */
function welcomed(seesPings = true, keepaliveMs = 25_000): LinkWatch {
  const watch = new LinkWatch(1_000, seesPings);
  watch.heard(1_000);
  watch.welcomed(1_000, keepaliveMs);
  return watch;
}

test('an attempt without a welcome for 30 s is dropped, also if other messages arrive', () => {
  const watch = new LinkWatch(1_000, true);
  watch.heard(30_000);
  assert.equal(watch.advice(30_999, 0), 'keep');
  assert.equal(watch.advice(31_000, 0), 'drop');
});

test('75 s of silence drop a link, and each message starts the time again', () => {
  const watch = welcomed();
  assert.equal(watch.advice(75_999, 0), 'keep');
  watch.heard(70_000);
  assert.equal(watch.advice(76_000, 0), 'keep');
  assert.equal(watch.advice(144_999, 0), 'keep');
  assert.equal(watch.advice(145_000, 0), 'drop');
});

test('an ack that is 30 s overdue drops a link that is not silent, and an answer starts the time again', () => {
  const watch = welcomed();
  watch.sendsFirst(10_000);
  watch.heard(39_000);
  assert.equal(watch.advice(39_999, 1), 'keep');
  assert.equal(watch.advice(40_000, 1), 'drop');
  assert.equal(watch.advice(40_000, 0), 'keep', 'nothing is in flight');
  watch.answered(40_000);
  watch.heard(69_000);
  assert.equal(watch.advice(69_999, 5), 'keep');
  assert.equal(watch.advice(70_000, 5), 'drop');
});

test('if pings cannot be seen, the time is requested once per keepalive of silence', () => {
  const watch = welcomed(false, 10_000);
  assert.equal(watch.advice(10_999, 0), 'keep');
  assert.equal(watch.advice(11_000, 0), 'ask');
  assert.equal(watch.advice(16_000, 0), 'keep');
  watch.heard(16_100);
  assert.equal(watch.advice(26_099, 0), 'keep');
  assert.equal(watch.advice(26_100, 0), 'ask');
  assert.equal(watch.advice(91_100, 0), 'drop');
});

test('no time is requested on a link whose pings can be seen, or before the welcome', () => {
  assert.equal(welcomed(true, 10_000).advice(70_000, 0), 'keep');
  assert.equal(new LinkWatch(0, false).advice(29_999, 0), 'keep');
});

test('a link has held if a frame was answered on it, or if it was open for 60 s after its welcome', () => {
  const watch = welcomed();
  assert.equal(watch.hasHeld(60_999), false);
  assert.equal(watch.hasHeld(61_000), true);
  const answered = welcomed();
  answered.answered(2_000);
  assert.equal(answered.hasHeld(2_000), true);
  assert.equal(new LinkWatch(0, true).hasHeld(1e9), false, 'an attempt without a welcome has not held');
});
