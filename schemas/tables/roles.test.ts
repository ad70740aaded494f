import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allows, roles } from './roles.js';

test('a role allows what it needs and what lesser roles need, and nothing more', () => {
  assert.deepEqual(
    roles.map((has) => roles.map((needs) => allows(has, needs))),
    [
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ],
  );
});
