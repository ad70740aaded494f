import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measuredAlways, measuredByVerify, needsVerify, parseThreshold } from '../fleet/threshold.js';
import type { FleetResult } from '../run/result.js';
import { checksOf } from './thresholds.js';

const result = {
  elapsedMs: 2_000,
  framesAcked: 100,
  framesUnacked: 1,
  ackP99Ms: 50,
  errors: { a: 1, b: 2 },
  verdict: null,
  commands: null,
  samples: [],
} as unknown as FleetResult;

const passes = (text: string): boolean => checksOf([parseThreshold(text)], result)[0].passed;

test('a threshold is compared exactly, also at its limit', () => {
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

test('frames without an answer count as slower than all others', () => {
  const pass = (text: string, framesUnacked: number): boolean =>
    checksOf([parseThreshold(text)], { ...result, framesUnacked })[0].passed;
  assert.deepEqual([pass('ackP99Ms<=50', 0), pass('ackP99Ms<=50', 1), pass('ackP99Ms<=50', 2)], [true, true, false]);
  assert.equal(pass('ackP99Ms<1000000', 1_584), false);
});

test('no threshold holds on a value that was not measured', () => {
  for (const name of ['lost', 'commandsWrong', 'commandP99Ms', 'gatewayMemoryMiB'])
    for (const rest of ['==0', '<1', '>=0']) assert.ok(!passes(name + rest), name + rest);
});

test('a text that is not a threshold is refused with the form of one', () => {
  for (const text of ['', 'ackP99Ms', 'ackP99Ms<', '<50', 'ackP99Ms<fast', 'ackP99Ms=50'])
    assert.throws(() => parseThreshold(text), /write a measure, a comparison and a number/);
  assert.throws(() => parseThreshold('speed<1'), /there is no measure speed; use ackP50Ms, /);
  assert.throws(() => parseThreshold('constructor<1'), /there is no measure/);
  for (const name of measuredAlways) assert.ok(!needsVerify(parseThreshold(`${name}<1`)), name);
  for (const name of measuredByVerify) assert.ok(needsVerify(parseThreshold(`${name}<1`)), name);
});
