import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outOfRange } from './rules.js';

test('the fault of a value outside its range has the value and the bounds that there are', () => {
  const none = Number.POSITIVE_INFINITY;
  assert.equal(outOfRange('t', 150, { min: -40, max: 120 }), 't is 150; the model allows -40 to 120');
  assert.equal(outOfRange('t', -50, { min: -40, max: none }), 't is -50; the model allows at least -40');
  assert.equal(outOfRange('t', 150, { min: -none, max: 120 }), 't is 150; the model allows at most 120');
});
