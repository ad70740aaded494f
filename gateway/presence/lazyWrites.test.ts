import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { RegistryChange } from '../domain/registryChange.js';
import { createLazyWrites } from './lazyWrites.js';

/** Writes on timers that the test advances. A write has ended when the pending promises have settled. */
function writesWith(options: { batchMax: number; failing?: () => boolean }) {
  mock.timers.enable({ apis: ['setTimeout'] });
  const saved: string[][] = [];
  const writes = createLazyWrites<string>({
    everyMs: 1_000,
    batchMax: options.batchMax,
    changeOf: (keys) => ({ type: 'keys_used', uses: keys.map((id) => ({ id, at: 1 })) }),
    async save(change: RegistryChange) {
      if (options.failing?.()) throw new Error('disk');
      saved.push((change as { uses: { id: string }[] }).uses.map(({ id }) => id));
    },
    random: () => 0.5,
  });
  const pass = async (ms: number): Promise<void> => {
    mock.timers.tick(ms);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return { writes, saved, pass };
}

test('a key that is touched several times is written once, some time later', async (context) => {
  context.after(() => mock.timers.reset());
  const { writes, saved, pass } = writesWith({ batchMax: 10 });
  for (let n = 0; n < 100; n++) writes.touch(`k${n % 3}`);
  await pass(999);
  assert.deepEqual(saved, []);
  await pass(1);
  assert.deepEqual(saved, [['k0', 'k1', 'k2']]);
});

test('many keys are written in batches', async (context) => {
  context.after(() => mock.timers.reset());
  const { writes, saved, pass } = writesWith({ batchMax: 10 });
  for (let n = 0; n < 35; n++) writes.touch(`k${n}`);
  await pass(1_000);
  for (let n = 0; n < 3; n++) await pass(250);
  assert.deepEqual(
    saved.map(({ length }) => length),
    [10, 10, 10, 5],
  );
});

test('a failed write is retried, and stop writes what is left', async (context) => {
  context.after(() => mock.timers.reset());
  let failing = true;
  const { writes, saved, pass } = writesWith({ batchMax: 10, failing: () => failing });
  writes.touch('a');
  await pass(1_000);
  assert.deepEqual(saved, []);
  failing = false;
  await pass(1_000);
  assert.deepEqual(saved, [['a']]);
  writes.touch('b');
  await writes.stop();
  assert.deepEqual(saved, [['a'], ['b']]);
});

test('stop gives up if nothing can be written', async (context) => {
  context.after(() => mock.timers.reset());
  const { writes, saved } = writesWith({ batchMax: 10, failing: () => true });
  writes.touch('a');
  await writes.stop();
  assert.deepEqual(saved, []);
});
