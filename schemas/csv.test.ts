import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvField } from './csv.js';

test('a field with a comma, a quote or a line break is quoted, and its quotes are doubled', () => {
  assert.deepEqual(['a', '', 21.5, true, 'a,b', 'a"b', 'a\nb', 'a\rb'].map(csvField), [
    'a',
    '',
    '21.5',
    'true',
    '"a,b"',
    '"a""b"',
    '"a\nb"',
    '"a\rb"',
  ]);
});
