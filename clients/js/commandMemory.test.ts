import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCommandMemory } from './commandMemory.js';
import type { CommandHandler } from './core/command.js';
import { CommandRunner } from './core/commandRunner.js';
import type { Command, CommandUpdate } from './core/messages.js';
import { memoryStorage, type Storage } from './storage.js';

const now = 1_795_305_600_000;
const commandOf = (more: Partial<Command> = {}): Command => ({
  id: 'c1',
  name: 'add',
  params: { a: 1, b: 2 },
  expiresAt: now + 60_000,
  known: 0,
  ...more,
});
const textOf = ({ state, result, error }: CommandUpdate): string =>
  `${state} ${JSON.stringify(result ?? error?.code ?? null)}`;

/** A device with the contents of the storage. */
async function device(storage: Storage, handlers: Record<string, CommandHandler> = {}) {
  const reported: string[] = [];
  const ran: string[] = [];
  const failures: unknown[] = [];
  const runner = new CommandRunner({
    handlers: { add: { run: ({ a, b }) => ({ sum: Number(a) + Number(b) }) }, ...handlers },
    memory: createCommandMemory(await storage.load(), storage.write),
    gatewayNow: () => now,
    report: (update) => reported.push(textOf(update)),
    executed: ({ id }) => ran.push(id),
    memoryFailed: (error) => failures.push(error),
  });
  return { reported, ran, failures, receive: (command: Command) => runner.receive(command) };
}

test('a repeated command is answered with its outcome, also after a restart and whatever `known` and the time are', async () => {
  const storage = memoryStorage();
  const first = await device(storage);
  await first.receive(commandOf());
  await first.receive(commandOf({ known: 0, expiresAt: now - 1 }));
  const second = await device(storage);
  await second.receive(commandOf({ known: 255 }));
  assert.deepEqual(first.reported, ['received null', 'succeeded {"sum":3}', 'succeeded {"sum":3}']);
  assert.deepEqual([first.ran, second.reported, second.ran], [['c1'], ['succeeded {"sum":3}'], []]);
});

test('a command that did not end before a restart is reported as lost, and is not run again', async () => {
  const storage = memoryStorage();
  const cut = await device(storage, { add: { run: () => new Promise(() => {}) } });
  void cut.receive(commandOf());
  while (cut.ran.length === 0) await new Promise(setImmediate);
  const after = await device(storage);
  await after.receive(commandOf({ known: 1 }));
  assert.deepEqual([after.reported, after.ran], [['failed "lost"'], []]);
});

test('a command that cannot be saved is not run', async () => {
  const full: Storage = { load: async () => new Map(), write: () => Promise.reject(new Error('full')) };
  const { reported, ran, failures, receive } = await device(full);
  await receive(commandOf());
  assert.deepEqual([reported.at(-1), ran], ['failed "not_saved"', []]);
  assert.match(String(failures[0]), /full/);
});

test('32 outcomes are kept, and the oldest are dropped first, also after a restart', async () => {
  const storage = memoryStorage();
  const { receive } = await device(storage);
  for (let i = 0; i < 40; i++) await receive(commandOf({ id: `c${i}` }));
  const kept = [...(await storage.load()).keys()];
  assert.deepEqual([kept.length, kept.includes('command:c7'), kept.includes('command:c8')], [32, false, true]);
  const again = await device(storage);
  await again.receive(commandOf({ id: 'c40' }));
  const later = [...(await storage.load()).keys()];
  assert.deepEqual([later.length, later.includes('command:c8'), later.includes('command:c9')], [32, false, true]);
});

test('the order and the update of a command are stored', async () => {
  const storage = memoryStorage();
  const { receive } = await device(storage);
  await receive(commandOf());
  assert.deepEqual(JSON.parse((await storage.load()).get('command:c1') ?? ''), {
    order: 1,
    update: { type: 'command_update', id: 'c1', state: 'succeeded', result: { sum: 3 } },
  });
});
