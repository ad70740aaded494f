import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecayingCounter } from './decayingCounter.js';

test('events add up, and are forgiven at a rate per second', () => {
  const counter = new DecayingCounter(2);
  assert.equal(counter.countAt(1_000), 0);
  assert.deepEqual([counter.increment(1_000), counter.increment(1_000), counter.increment(1_000)], [1, 2, 3]);
  assert.equal(counter.countAt(1_500), 2);
  assert.equal(counter.countAt(1_750), 1.5);
  assert.equal(counter.increment(2_000), 2);
});

test('the count never falls below zero, so a long quiet time saves nothing up', () => {
  const counter = new DecayingCounter(1);
  counter.increment(0);
  assert.equal(counter.countAt(3_600_000), 0);
  assert.equal(counter.increment(3_600_000), 1);
});

test('reading the count does not change it', () => {
  const often = new DecayingCounter(1);
  const once = new DecayingCounter(1);
  often.add(8);
  once.add(8);
  for (let now = 0; now <= 4_000; now += 500) often.countAt(now);
  assert.equal(often.countAt(4_000), 4);
  assert.equal(once.countAt(4_000), 4);
});

test('an amount is added as a whole', () => {
  const counter = new DecayingCounter(10);
  counter.countAt(5_000);
  counter.add(25);
  assert.equal(counter.countAt(6_000), 15);
});

test('a clock that goes back does not change the count', () => {
  const counter = new DecayingCounter(1);
  counter.countAt(10_000);
  counter.add(5);
  assert.equal(counter.countAt(4_000), 5);
  assert.equal(counter.countAt(5_000), 4);
});
