import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseThreshold } from '../fleet/threshold.js';
import type { FleetResult } from '../run/result.js';
import { checksOf, measures } from './thresholds.js';

const result = {
  elapsedMs: 2_000,
  framesAcked: 100,
  ackP99Ms: 50,
  errors: { a: 1, b: 2 },
  verdict: null,
  commands: null,
  samples: [],
} as unknown as FleetResult;

const passes = (text: string): boolean => checksOf([parseThreshold(text)], result)[0].passed;

test('a threshold holds or not, at its bound too', () => {
  assert.deepEqual(['ackP99Ms<50', 'ackP99Ms<=50', 'ackP99Ms == 50', 'ackP99Ms>=50', 'ackP99Ms>50'].map(passes), [
    false,
    true,
    true,
    true,
    false,
  ]);
  assert.ok(passes('framesPerSecond==50'));
  assert.ok(passes('errors<3.5'));
});

test('what was not measured holds no threshold', () => {
  for (const name of ['lost', 'commandsWrong', 'commandP99Ms', 'gatewayMemoryMiB'])
    for (const rest of ['==0', '<1', '>=0']) assert.ok(!passes(name + rest), name + rest);
});

test('what is no threshold is refused with what would be one', () => {
  for (const text of ['', 'ackP99Ms', 'ackP99Ms<', '<50', 'ackP99Ms<fast', 'ackP99Ms=50'])
    assert.throws(() => parseThreshold(text), /write a measure, a comparison and a number/);
  assert.throws(() => parseThreshold('speed<1'), /there is no measure speed; use ackP50Ms, /);
  assert.throws(() => parseThreshold('constructor<1'), /there is no measure/);
  for (const name of Object.keys(measures)) parseThreshold(`${name}<1`);
});
