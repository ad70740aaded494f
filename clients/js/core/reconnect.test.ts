import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ending, lostLink, reconnectDelayMs } from './reconnect.js';

const closed = (code: number, reason = ''): Ending => ({ kind: 'closed', code, reason });
const refused = (status: number, retryAfterSeconds = 0): Ending => ({ kind: 'refused', status, retryAfterSeconds });
const longest = (ending: Ending, failures = 0): number => reconnectDelayMs(ending, failures, () => 1 - Number.EPSILON);
const shortest = (ending: Ending, failures = 0): number => reconnectDelayMs(ending, failures, () => 0);

test('the span doubles with each failure up to its limit, and the wait is drawn from all of it', () => {
  const spans = (ending: Ending): number[] => [0, 1, 2, 3, 6, 99].map((failures) => longest(ending, failures) + 1);
  assert.deepEqual(spans(closed(1006)), [500, 1_000, 2_000, 4_000, 30_000, 30_000]);
  assert.deepEqual(spans(closed(4100)), [300_000, 600_000, 1_200_000, 2_400_000, 3_600_000, 3_600_000]);
  assert.equal(shortest(closed(4100), 9), 0);
});

test('the wait is slow after every 41xx and after 400, 401 and 403, and short after everything else', () => {
  for (const ending of [closed(4100), closed(4177), closed(4199), refused(400), refused(401), refused(403)])
    assert.equal(longest(ending), 299_999, JSON.stringify(ending));
  for (const ending of [
    closed(1000),
    closed(1011),
    closed(4000),
    closed(4099),
    closed(4200),
    lostLink,
    { kind: 'failed', cause: 'ECONNREFUSED' } as const,
    refused(404),
    refused(502),
    refused(503),
  ])
    assert.equal(longest(ending), 499, JSON.stringify(ending));
});

test('the wait begins with the retry time of the gateway, if that is valid, and up to an hour', () => {
  assert.equal(shortest(closed(4001, '{"retryAfterMs":1500}')), 1_500);
  assert.equal(longest(refused(503, 7)), 7_499);
  assert.equal(shortest(closed(4001, '{"retryAfterMs":1e15}')), 3_600_000);
  assert.equal(shortest(refused(503, 1e9)), 3_600_000);
  assert.equal(longest(refused(401, 7), 9), 3_606_999);
  for (const reason of [
    '',
    'busy',
    'null',
    '[]',
    '{"retryAfterMs":"5"}',
    '{"retryAfterMs":-5}',
    '{"retryAfterMs":null}',
    '{broken',
    '{}',
  ])
    assert.equal(shortest(closed(4001, reason)), 0, reason);
});

test('attempts spread over the whole span after the retry time', () => {
  const delays = Array.from({ length: 1_000 }, (_, i) => reconnectDelayMs(refused(429, 2), 3, () => i / 1_000));
  assert.deepEqual([Math.min(...delays), Math.max(...delays)], [2_000, 2_000 + 3_996]);
  assert.equal(new Set(delays).size, 1_000);
});
