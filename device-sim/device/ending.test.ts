import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEnding } from './ending.js';

test('the end of a link is described in a few words', () => {
  assert.deepEqual(
    [
      { kind: 'closed', code: 4001, reason: '' } as const,
      { kind: 'closed', code: 1006, reason: '' } as const,
      { kind: 'refused', status: 401, retryAfterSeconds: 0 } as const,
      { kind: 'failed', cause: 'ECONNREFUSED' } as const,
    ].map(describeEnding),
    ['close 4001 overloaded', 'close 1006', 'HTTP 401', 'ECONNREFUSED'],
  );
});
