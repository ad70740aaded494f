import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted } from './counted.js';

test('a noun is in the singular for exactly one', () => {
  assert.deepEqual(
    [0, 1, 2, 1_200].map((count) => counted(count, 'day')),
    ['0 days', '1 day', '2 days', '1,200 days'],
  );
  assert.deepEqual([counted(1, 'entry', 'entries'), counted(0, 'entry', 'entries')], ['1 entry', '0 entries']);
});
