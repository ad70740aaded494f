import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPace, createPaceMemory, createPacer } from './pace.js';

test('work is spread over most of the time until the next work, within limits, and not at all if it falls behind', () => {
  const memory = createPaceMemory();
  const pacer = createPacer(memory);
  const restsAfter = (workedMs: number, sinceLastMs: number): number => {
    pacer.worked(workedMs);
    pacer.spread(sinceLastMs);
    return memory[0] / 1000;
  };
  assert.equal(restsAfter(0, 60_000), 0, 'no work was measured yet');
  assert.equal(restsAfter(300, 1_000), 1);
  assert.equal(restsAfter(400, 1_000), 0.5);
  assert.equal(restsAfter(100, 300_000), 3);
  assert.equal(restsAfter(900, 1_000), 0);
  assert.equal(restsAfter(100, -5_000), 0, 'the clock went back');
  assert.equal(restsAfter(100, 1_000), 3);
  pacer.hurry();
  assert.equal(memory[0], 0);
});

test('a pace without rests never rests', () => {
  const pace = createPace(createPaceMemory());
  pace.begin();
  for (let i = 0; i < 1_000; i++) pace.rest();
  assert.equal(pace.rested(), 0);
});

test('rests are counted per piece of work', () => {
  const memory = createPaceMemory();
  const pace = createPace(memory);
  memory[0] = 1_000;
  const from = performance.now();
  pace.begin();
  while (pace.rested() === 0) pace.rest();
  const ms = performance.now() - from;
  assert.ok(pace.rested() < ms, `${pace.rested()} of ${ms} ms`);
  pace.begin();
  assert.equal(pace.rested(), 0);
});
