import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeOf, errorOf } from './errors.js';

test('an error that the system gave has its code', () => {
  assert.throws(
    () => readFileSync('/does/not/exist'),
    (error) => codeOf(error) === 'ENOENT',
  );
});

test('whatever has no code of letters has none', () => {
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

test('an Error stays what it is, and anything else becomes the text of one', () => {
  const error = new TypeError('x');
  assert.equal(errorOf(error), error);
  assert.equal(errorOf('why').message, 'why');
  assert.equal(errorOf(undefined).message, 'undefined');
});
