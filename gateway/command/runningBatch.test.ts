import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchRecord, CommandRecord } from '../domain/command.js';
import { RunningBatch } from './runningBatch.js';

const batchWith = (more: Partial<BatchRecord>): BatchRecord => ({
  id: 'b',
  name: 'do',
  params: {},
  secrets: [],
  target: {},
  state: 'running',
  total: 10,
  concurrency: 2,
  abortOnFailurePercent: null,
  ttlMs: null,
  deadlineMs: null,
  supersedes: null,
  createdAt: 0,
  endedAt: null,
  by: 'k',
  ...more,
});

test('a batch is aborted only above its share of failures, and only while it runs', () => {
  const failing = (failures: number, more: Partial<BatchRecord>): boolean =>
    new RunningBatch(batchWith(more), [{ position: 0, deviceKey: 1, device: 'd' }], failures).tooManyFailed;
  assert.deepEqual(
    [0, 1, 2, 10].map((failures) => failing(failures, { abortOnFailurePercent: 10 })),
    [false, false, true, true],
  );
  assert.deepEqual([failing(0, { abortOnFailurePercent: 0 }), failing(1, { abortOnFailurePercent: 0 })], [false, true]);
  assert.equal(failing(10, { abortOnFailurePercent: 100 }), false);
  const nothingLeft = new RunningBatch(batchWith({ abortOnFailurePercent: 10 }), [], 10);
  assert.equal(nothingLeft.tooManyFailed, false, 'there is nothing left to abort');
  assert.equal(failing(10, {}), false, 'without a limit the batch runs to its end');
  for (const state of ['stopped', 'aborted', 'done'] as const)
    assert.equal(failing(10, { state, abortOnFailurePercent: 10 }), false, state);
});

test('a restored batch counts its open commands, and has room until its concurrency is reached', () => {
  const own = [true, false, false].map((attempted) => ({ attempted }) as CommandRecord);
  const running = new RunningBatch(batchWith({}), [], 0, own);
  assert.deepEqual([running.open, running.underWay, running.hasRoom], [3, 1, true]);
  running.underWay++;
  assert.equal(running.hasRoom, false);
  assert.equal(new RunningBatch(batchWith({ state: 'stopped' }), [], 0).hasRoom, false);
});
