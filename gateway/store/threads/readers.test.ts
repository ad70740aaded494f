import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReaderCalls } from './calls.js';
import { createReaders } from './readers.js';
import type { Thread } from './startThread.js';

/** A thread whose calls the test answers by hand. */
function createThread(name: string) {
  const calls: { name: string; answer: PromiseWithResolver }[] = [];
  const ends: string[] = [];
  const thread: Thread<ReaderCalls> = {
    call: (called) =>
      new Promise((resolve, reject) => {
        const settle =
          <Value>(act: (value: Value) => void) =>
          (value: Value) => {
            calls.splice(calls.indexOf(call), 1);
            act(value);
          };
        const call = {
          name: called,
          answer: { resolve: settle(resolve as (value: unknown) => void), reject: settle(reject) },
        };
        calls.push(call);
      }),
    waiting: () => calls.length,
    close: async () => void ends.push(`${name} closed`),
    end: async () => void ends.push(`${name} ended`),
  };
  return { thread, calls, ends };
}

interface PromiseWithResolver {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a second reader starts when a query waits for another, takes queries once it is ready, and there is no third', async () => {
  const [one, two] = [createThread('one'), createThread('two')];
  let started = 0;
  const readers = createReaders(one.thread, () => {
    started++;
    return two.thread;
  });
  const first = readers.read('fileSizes');
  assert.equal(started, 0);
  void readers.read('fileSizes');
  void readers.read('fileSizes');
  assert.deepEqual([started, one.calls.length, two.calls.map(({ name }) => name)], [1, 3, ['ready']]);
  two.calls[0].answer.resolve(undefined);
  await turn();
  for (let i = 0; i < 5; i++) void readers.read('fileSizes');
  assert.deepEqual([started, one.calls.length, two.calls.length], [1, 4, 4]);
  one.calls[0].answer.resolve('sizes');
  assert.equal(await first, 'sizes');
  await readers.close();
  assert.deepEqual([one.ends, two.ends], [['one closed'], ['two closed']]);
});

test('a second reader that cannot open the files is given up, and the next query that waits starts another', async () => {
  const [one, two, three] = [createThread('one'), createThread('two'), createThread('three')];
  const more = [two, three];
  const readers = createReaders(one.thread, () => (more.shift() ?? assert.fail('too many')).thread);
  void readers.read('fileSizes');
  void readers.read('fileSizes');
  two.calls[0].answer.reject(new Error('too many open files'));
  await turn();
  assert.deepEqual(two.ends, ['two ended']);
  void readers.read('fileSizes');
  assert.deepEqual(
    three.calls.map(({ name }) => name),
    ['ready'],
  );
  const closing = readers.close();
  three.calls[0].answer.resolve(undefined);
  await closing;
  assert.deepEqual([one.ends, three.ends], [['one closed'], ['three closed']]);
});
