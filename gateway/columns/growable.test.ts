import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grown } from './growable.js';

test('a column with enough room is returned unchanged', () => {
  const column = Uint32Array.of(1, 2, 3);
  for (const length of [-1, 0, 2, 3]) assert.equal(grown(column, length), column);
});

test('a column without room is copied to twice its length, or to the requested length if that is longer', () => {
  const column = Uint32Array.of(1, 2, 3);
  assert.deepEqual(grown(column, 4), Uint32Array.of(1, 2, 3, 0, 0, 0));
  assert.deepEqual(grown(column, 8), Uint32Array.of(1, 2, 3, 0, 0, 0, 0, 0));
  assert.deepEqual(grown(new Uint32Array(), 2), Uint32Array.of(0, 0));
  assert.deepEqual(column, Uint32Array.of(1, 2, 3));
});

test('new entries have the fill value, and existing entries keep theirs', () => {
  assert.deepEqual(grown(Float64Array.of(0.5, 0), 3, Number.NaN), Float64Array.of(0.5, 0, Number.NaN, Number.NaN));
  assert.deepEqual(
    grown(Float64Array.of(1), 2, Number.NEGATIVE_INFINITY),
    Float64Array.of(1, Number.NEGATIVE_INFINITY),
  );
});

test('a column keeps its type', () => {
  assert.ok(grown(new Uint32Array(1), 2) instanceof Uint32Array);
  assert.ok(grown(new Float64Array(1), 2) instanceof Float64Array);
});
