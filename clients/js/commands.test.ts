import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandFailure, type CommandHandler, createCommands } from './commands.js';
import type { Command, CommandUpdate } from './protocol.js';
import { memoryStorage, type Storage } from './storage.js';

const now = 1_795_305_600_000;
const commandOf = (more: Partial<Command> = {}): Command => ({
  type: 'command',
  id: 'c1',
  name: 'add',
  params: { a: 1, b: 2 },
  expiresAt: now + 60_000,
  known: 0,
  ...more,
});
const wordOf = ({ state, result, error }: CommandUpdate): string =>
  `${state} ${JSON.stringify(result ?? error?.code ?? null)}`;

/** A device with what the storage holds of it. */
async function device(storage: Storage, handlers: Record<string, CommandHandler> = {}) {
  const told: string[] = [];
  const ran: string[] = [];
  const commands = createCommands({
    handlers: { add: { run: ({ a, b }) => ({ sum: Number(a) + Number(b) }) }, ...handlers },
    serverNow: () => now,
    write: storage.write,
    tell: (update) => told.push(wordOf(update)),
    executed: ({ id }) => ran.push(id),
    kept: await storage.load(),
  });
  return { told, ran, receive: commands.receive };
}

test('a repeat is answered with the outcome, also after a restart, whatever known and the time say', async () => {
  const storage = memoryStorage();
  const first = await device(storage);
  await first.receive(commandOf());
  await first.receive(commandOf({ known: 0, expiresAt: now - 1 }));
  const second = await device(storage);
  await second.receive(commandOf({ known: 255 }));
  assert.deepEqual(first.told, ['received null', 'succeeded {"sum":3}', 'succeeded {"sum":3}']);
  assert.deepEqual([first.ran, second.told, second.ran], [['c1'], ['succeeded {"sum":3}'], []]);
});

test('one that began and never ended is lost, and is not run again', async () => {
  const storage = memoryStorage();
  const cut = await device(storage, { add: { run: () => new Promise(() => {}) } });
  void cut.receive(commandOf());
  while (cut.ran.length === 0) await new Promise(setImmediate);
  const after = await device(storage);
  await after.receive(commandOf({ known: 1 }));
  assert.deepEqual([after.told, after.ran], [['failed "lost"'], []]);
});

test('an idempotent one is run again where nothing is known of it; any other is lost', async () => {
  const { told, receive } = await device(memoryStorage(), { set: { idempotent: true, run: () => ({ set: true }) } });
  for (const known of [1, 2, 255]) {
    await receive(commandOf({ id: `a${known}`, known }));
    await receive(commandOf({ id: `b${known}`, name: 'set', known }));
  }
  const each = ['failed "lost"', 'received null', 'succeeded {"set":true}'];
  await receive(commandOf({ id: 'late', name: 'set', known: 255, expiresAt: now - 1 }));
  assert.deepEqual(told, [...each, ...each, ...each, 'failed "lost"']);
});

test('an overdue one is rejected, and so is one that nobody knows, even by the name of a method of all objects', async () => {
  const { told, ran, receive } = await device(memoryStorage());
  await receive(commandOf({ expiresAt: now - 1 }));
  await receive(commandOf({ id: 'c2', name: 'toString' }));
  await receive(commandOf({ id: 'c3', expiresAt: 0 }));
  assert.deepEqual(told.slice(0, 2), ['rejected "expired"', 'rejected "unknown_command"']);
  assert.deepEqual(ran, ['c3'], '0 is no time');
});

test('a handler that fails says why; progress is told until the end, and not after it', async () => {
  let late: (share: number) => void = () => {};
  const { told, receive } = await device(memoryStorage(), {
    move: {
      run(_, progress) {
        late = progress;
        progress(0.5);
        throw new CommandFailure('stuck');
      },
    },
  });
  await receive(commandOf({ name: 'move' }));
  late(0.9);
  assert.deepEqual(told, ['received null', 'running {"progress":0.5}', 'failed "stuck"']);
});

test('a repeat of one that still runs is answered running, and does not run it twice', async () => {
  let end: (result: unknown) => void = () => {};
  const { told, ran, receive } = await device(memoryStorage(), {
    move: { run: () => new Promise((resolve) => (end = resolve)) },
  });
  const running = receive(commandOf({ name: 'move' }));
  await receive(commandOf({ name: 'move', known: 255 }));
  while (ran.length === 0) await new Promise(setImmediate);
  end({ at: 1 });
  await running;
  assert.deepEqual([told, ran], [['received null', 'running null', 'succeeded {"at":1}'], ['c1']]);
});

test('what cannot be written down is not run', async () => {
  const full: Storage = { load: async () => new Map(), write: () => Promise.reject(new Error('full')) };
  const { told, ran, receive } = await device(full);
  await assert.rejects(receive(commandOf()), /full/);
  assert.deepEqual([told.at(-1), ran], ['failed "not_saved"', []]);
});

test('32 outcomes are kept, and the oldest go first', async () => {
  const storage = memoryStorage();
  const { receive } = await device(storage);
  for (let i = 0; i < 40; i++) await receive(commandOf({ id: `c${i}` }));
  const kept = [...(await storage.load()).keys()];
  assert.deepEqual([kept.length, kept.includes('command:c7'), kept.includes('command:c8')], [32, false, true]);
});
