import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeOf, errorOf } from './errors.js';

test('an error of the system has its code', () => {
  assert.throws(
    () => readFileSync('/does/not/exist'),
    (error) => codeOf(error) === 'ENOENT',
  );
});

test('a value without a code of letters has no code', () => {
  for (const thrown of [
    new Error('x'),
    Object.assign(new Error('x'), { code: 5 }),
    { code: null },
    null,
    undefined,
    'ENOENT',
  ])
    assert.equal(codeOf(thrown), null);
});

test('an Error is returned unchanged, and any other value becomes an Error with its text', () => {
  const error = new TypeError('x');
  assert.equal(errorOf(error), error);
  assert.equal(errorOf('why').message, 'why');
  assert.equal(errorOf(undefined).message, 'undefined');
});
