import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeCodes } from '../../schemas/tables/closeCodes.js';
import { describeEnding, reconnectDelayMs } from './reconnect.js';

test('reconnects: soon with a doubling span for most, slowly for what needs a person, never sooner than told', () => {
  const most = () => 1 - Number.EPSILON;
  const soon = { kind: 'close', code: 1006, reason: '' } as const;
  assert.deepEqual(
    [0, 1, 2, 10].map((failures) => reconnectDelayMs(soon, failures, most)),
    [500, 1_000, 2_000, 30_000],
  );
  assert.equal(
    reconnectDelayMs(soon, 5, () => 0),
    0,
  );
  for (const { code, comeBack } of Object.values(closeCodes)) {
    const delay = reconnectDelayMs({ kind: 'close', code, reason: '' }, 0, most);
    assert.equal(delay, comeBack === 'slowly' ? 300_000 : 500);
  }
  assert.equal(
    reconnectDelayMs({ kind: 'close', code: 4177, reason: '' }, 0, most),
    300_000,
    'a code of a later version',
  );
  for (const status of [400, 401, 403])
    assert.equal(reconnectDelayMs({ kind: 'refused', status, retryAfterSeconds: null }, 9, most), 3_600_000);
  assert.equal(
    reconnectDelayMs({ kind: 'refused', status: 503, retryAfterSeconds: 7 }, 0, () => 0),
    7_000,
  );
  assert.equal(
    reconnectDelayMs({ kind: 'close', code: 4000, reason: '{"retryAfterMs":1234}' }, 0, () => 0),
    1_234,
  );
  for (const reason of ['{broken', '{}', '{"retryAfterMs":-5}', '{"retryAfterMs":"9"}', 'null'])
    assert.equal(
      reconnectDelayMs({ kind: 'close', code: 4000, reason }, 0, () => 0),
      0,
    );
  assert.equal(
    reconnectDelayMs({ kind: 'close', code: 4000, reason: '{"retryAfterMs":1e12}' }, 0, () => 0),
    3_600_000,
  );
});

test('jitter is full: no attempt comes before what was told, none after the span, and they spread over all of it', () => {
  const delays = Array.from({ length: 1_000 }, (_, i) =>
    reconnectDelayMs({ kind: 'refused', status: 429, retryAfterSeconds: 2 }, 3, () => i / 1_000),
  );
  assert.deepEqual([Math.min(...delays), Math.max(...delays)], [2_000, 2_000 + 3_996]);
  assert.ok(new Set(delays).size === 1_000);
});

test('why a link ended is told in few words', () => {
  assert.deepEqual(
    [
      { kind: 'close', code: 4001, reason: '' } as const,
      { kind: 'close', code: 1006, reason: '' } as const,
      { kind: 'refused', status: 401, retryAfterSeconds: null } as const,
      { kind: 'failed', cause: 'ECONNREFUSED' } as const,
    ].map(describeEnding),
    ['close 4001 overloaded', 'close 1006', 'HTTP 401', 'ECONNREFUSED'],
  );
});
