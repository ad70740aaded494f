import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobQueue } from './jobQueue.js';

const slice = (done: number, finished: boolean) => ({ done, total: 2, bytes: 0, finished });

/** An archiver that returns these answers in order, and throws those that are an Error. */
function open(answers: unknown[]) {
  const calls: string[] = [];
  const call = async (name: string): Promise<unknown> => {
    calls.push(name);
    const answer = name === 'begin' ? undefined : answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { calls, queue: new JobQueue({ call: call as never }, () => 1) };
}

test('jobs run one after another, one slice per step, and report each slice', async () => {
  const { calls, queue } = open([slice(1, false), slice(2, true), slice(2, true)]);
  const seen: number[] = [];
  const first = queue.add({ type: 'backup', folder: 'a' }, ({ done }) => seen.push(done));
  const second = queue.add({ type: 'backup', folder: 'b' }, () => seen.push(-1));
  await queue.step();
  await queue.step();
  await first;
  assert.equal(queue.isEmpty, false);
  await queue.step();
  await second;
  assert.deepEqual([seen, calls, queue.isEmpty], [[1, 2, -1], ['begin', 'step', 'step', 'begin', 'step'], true]);
});

test('a job that fails is rejected, and the next one runs', async () => {
  const { queue } = open([new Error('disk full'), slice(2, true)]);
  const first = queue.add({ type: 'backup', folder: 'a' }, () => {});
  const second = queue.add({ type: 'backup', folder: 'b' }, () => {});
  await queue.step();
  await assert.rejects(first, /disk full/);
  await queue.step();
  await second;
});

test('a step without a job makes no call, and closing rejects the current job and the waiting ones', async () => {
  const { calls, queue } = open([slice(1, false)]);
  await queue.step();
  assert.deepEqual(calls, []);
  const jobs = ['a', 'b'].map((folder) => queue.add({ type: 'backup', folder }, () => {}));
  await queue.step();
  queue.rejectAll(new Error('the store is closing'));
  for (const job of jobs) await assert.rejects(job, /closing/);
});
