import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesKinds } from '../domain/series.js';
import { scalarIn, scalarOf } from './scalar.js';

const { number, string, boolean } = seriesKinds;

test('a stored 1 is a true boolean, and a stored number or string is the value itself', () => {
  assert.deepEqual([scalarOf(boolean, 1), scalarOf(boolean, 0)], [true, false]);
  assert.deepEqual([scalarOf(number, 1), scalarOf(number, 0)], [1, 0]);
  assert.equal(scalarOf(string, '1'), '1');
});

test('a value is an index into the strings only if its series has strings', () => {
  const strings = ['open', 'closed'];
  assert.equal(scalarIn(string, 1, strings), 'closed');
  assert.equal(scalarIn(number, 1, strings), 1);
  assert.equal(scalarIn(boolean, 1, strings), true);
});
