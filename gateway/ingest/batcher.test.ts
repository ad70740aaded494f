import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../columns/batch.js';
import type { Committed } from '../store/threads/committed.js';
import { createBatcher } from './batcher.js';
import { BatchInHand } from './batchInHand.js';

/** A batcher whose clock, timers and store the test controls. */
function bench(intervalMs = 10) {
  let now = 1_000;
  const timers: { at: number; run(): void }[] = [];
  const commits: { batch: Batch; done(): void; fail(): void }[] = [];
  const committed: string[][] = [];
  const failed: string[][] = [];
  const batcher = createBatcher<string>({
    inHand: new BatchInHand(),
    intervalMs,
    commit: (batch) =>
      new Promise((resolve, reject) => {
        const done = (): void =>
          resolve({
            position: 1,
            batch,
            repeated: 0,
            bytes: 0,
            commitMs: 0,
            rids: [],
            rejectedDropped: 0,
          } satisfies Committed);
        commits.push({ batch, done, fail: () => reject(new Error('disk')) });
      }),
    committed: (_committed, entries) => committed.push(entries),
    failed: (_error, entries) => failed.push(entries),
    now: () => now,
    schedule: (delayMs, run) => timers.push({ at: now + delayMs, run }),
  });
  const add = (name: string, bytes = 100): void => {
    batcher.enter(name);
    batcher.added(bytes);
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const advance = async (ms: number): Promise<void> => {
    now += ms;
    for (const timer of timers.splice(0)) {
      if (timer.at <= now) timer.run();
      else timers.push(timer);
    }
    await settle();
  };
  return { batcher, add, advance, settle, commits, committed, failed, timers };
}

test('one batch is in flight, and readings that arrive meanwhile share the next one', async () => {
  const { add, advance, commits, committed, settle } = bench();
  add('a');
  await advance(0);
  add('b');
  add('c');
  await advance(50);
  assert.equal(commits.length, 1);
  commits[0].done();
  await settle();
  await advance(0);
  assert.equal(commits.length, 2);
  commits[1].done();
  await settle();
  assert.deepEqual(committed, [['a'], ['b', 'c']]);
});

test('a commit starts no sooner than one interval after the commit before it', async () => {
  const { add, advance, commits, settle, timers } = bench(10);
  add('a');
  await advance(0);
  commits[0].done();
  await settle();
  add('b');
  assert.deepEqual(
    timers.map(({ at }) => at),
    [1_010],
  );
  await advance(9);
  assert.equal(commits.length, 1);
  await advance(1);
  assert.equal(commits.length, 2);
});

test('a failed batch fails the batches queued behind it in order, and names are declared again', async () => {
  const { batcher, add, advance, commits, failed, settle, committed } = bench();
  add('a');
  batcher.batch().declared.streams.push({ id: 1, deviceKey: 1, name: 'main', kept: true });
  await advance(0);
  add('b');
  batcher.batch().declared.streams.push({ id: 2, deviceKey: 2, name: 'main', kept: true });
  commits[0].fail();
  await settle();
  assert.deepEqual(failed, [['a', 'b']]);
  assert.equal(batcher.queuedBytes(), 0);
  add('c');
  await advance(20);
  assert.deepEqual(
    commits[1].batch.declared.streams.map(({ id }) => id),
    [1, 2],
  );
  assert.equal(commits[1].batch.readings, 0);
  commits[1].done();
  await settle();
  assert.deepEqual(committed, [['c']]);
});

test('queued bytes count waiting and in-flight readings until they are on disk', async () => {
  const { batcher, add, advance, commits, settle } = bench();
  add('a', 300);
  await advance(0);
  add('b', 50);
  assert.equal(batcher.queuedBytes(), 350);
  commits[0].done();
  await settle();
  assert.equal(batcher.queuedBytes(), 50);
});

test('drained resolves when everything received so far is on disk', async () => {
  const { batcher, add, commits, settle } = bench();
  add('a');
  let done = false;
  const drained = batcher.drained().then(() => {
    done = true;
  });
  await settle();
  assert.equal(done, false);
  commits[0].done();
  await drained;
  assert.equal(done, true);
});
