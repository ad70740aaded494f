import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Key, runInTurns, sortSteps } from './slices.js';

/** All that the steps return, at once. */
function sorted<Item>(items: Item[], keyOf: (item: Item) => Key, descending = false): Item[] {
  const steps = sortSteps(items, keyOf, descending);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

test('many items in slices are sorted as in one piece, and those with the same key keep their order', () => {
  for (const count of [0, 1, 8_191, 8_192, 8_193, 16_384, 20_000, 70_001]) {
    const items = Array.from({ length: count }, (_, place) => ({ key: (place * 7_919) % 1_009, place }));
    assert.deepEqual(
      sorted(items, ({ key }) => key),
      items.toSorted((a, b) => a.key - b.key),
    );
    assert.deepEqual(
      sorted(items, ({ key }) => key, true),
      items.toSorted((a, b) => b.key - a.key),
    );
  }
});

test('numbers come before texts, descending after them, and nothing comes last in both directions', () => {
  const keys = ['b', null, 10, 'a', 2, null];
  assert.deepEqual(
    sorted(keys, (key) => key),
    [2, 10, 'a', 'b', null, null],
  );
  assert.deepEqual(
    sorted(keys, (key) => key, true),
    ['b', 'a', 10, 2, null, null],
  );
});

test('few items are sorted at once', () => {
  let result: number[] = [];
  runInTurns(
    sortSteps([3, 1, 2], (item) => item, false),
    (items) => (result = items),
  );
  assert.deepEqual(result, [1, 2, 3]);
});

test('long work gives way between its turns, and ends if nobody wants it any more', async () => {
  let [steps, handed] = [0, 0];
  function* work(): Generator<void, number> {
    for (; steps < 8; steps++) {
      const until = performance.now() + 15;
      while (performance.now() < until);
      yield;
    }
    return steps;
  }
  const result = await new Promise<number>((resolve) => {
    runInTurns(work(), resolve);
    handed = steps;
  });
  assert.deepEqual([result, handed < 3], [8, true]);

  let isDone = false;
  steps = 0;
  const end = runInTurns(work(), () => (isDone = true));
  end();
  const before = steps;
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual([steps, isDone], [before, false]);
});
