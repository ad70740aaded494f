import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, CommandUpdate } from './command.js';
import type { CommandStore, KeptCommand } from './commandStore.js';
import { createCommands } from './commands.js';

function commandsWith(now = 1_000, store?: CommandStore) {
  const updates: CommandUpdate[] = [];
  let runs = 0;
  let tell: (share: number) => void = () => {};
  const commands = createCommands(
    {
      count: { run: () => ++runs },
      fail: { run: () => assert.fail('no') },
      picky: {
        refuse: ({ params }) => (params.no ? { code: 'params_invalid' } : null),
        run: () => ++runs,
      },
      hang: { run: () => new Promise(() => {}) },
      'hang again': { idempotent: true, run: () => new Promise(() => {}) },
      status: { idempotent: true, run: () => 'fine' },
      slow: {
        run(_params, progress) {
          tell = progress;
          progress(0.4);
          return 'done';
        },
      },
    },
    () => now,
    (update) => updates.push(update),
    store,
  );
  const receive = async (change: Partial<Command>): Promise<string> => {
    updates.length = 0;
    await commands.receive({ id: 'c1', name: 'count', params: {}, expiresAt: 0, known: 0, ...change });
    return updates.map(({ state, error }) => (error === undefined ? state : `${state} ${error.code}`)).join(', ');
  };
  return { receive, updates, runs: () => runs, tell: (share: number) => tell(share) };
}

test('a command is run once, however often it comes, and answered with what came of it', async () => {
  const { receive, runs } = commandsWith();
  assert.equal(await receive({}), 'received, succeeded');
  assert.equal(await receive({ known: 1 }), 'succeeded');
  assert.equal(runs(), 1);
});

test('a device that does not remember a command says lost, unless running it again does no harm', async () => {
  const { receive } = commandsWith();
  for (const known of [1, 2, 255]) assert.equal(await receive({ id: `k${known}`, known }), 'failed lost');
  assert.equal(await receive({ id: 'i', name: 'status', known: 2 }), 'received, succeeded');
});

test('unknown, overdue and failing commands are answered as such', async () => {
  const { receive } = commandsWith(5_000);
  assert.equal(await receive({ id: 'u', name: 'none' }), 'rejected unknown_command');
  assert.equal(await receive({ id: 'p', name: 'constructor' }), 'rejected unknown_command');
  assert.equal(await receive({ id: 'e', expiresAt: 4_999 }), 'rejected expired');
  assert.equal(await receive({ id: 'f', name: 'fail' }), 'received, failed error');
});

test('progress is told while a command runs, and never after its final word', async () => {
  const { receive, updates, tell } = commandsWith();
  assert.equal(await receive({ name: 'slow' }), 'received, running, succeeded');
  assert.deepEqual(updates[1].result, { progress: 0.4 });
  tell(0.9);
  assert.equal(await receive({ name: 'slow' }), 'succeeded');
});

test('to call a command expired that may have been run would be untrue', async () => {
  const { receive } = commandsWith(5_000);
  assert.equal(await receive({ id: 'e', expiresAt: 4_999, known: 255 }), 'failed lost');
  assert.equal(await receive({ id: 'i', name: 'status', expiresAt: 4_999, known: 255 }), 'rejected expired');
});

test('what a handler refuses is rejected with its reason and not run', async () => {
  const { receive, runs } = commandsWith();
  assert.equal(await receive({ name: 'picky', params: { no: true } }), 'rejected params_invalid');
  assert.equal(await receive({ id: 'c2', name: 'picky' }), 'received, succeeded');
  assert.equal(runs(), 1);
});

test('after a crash between the two answers a command is lost, and not run again; one with an outcome keeps it', async () => {
  const kept: KeptCommand[] = [];
  const store: CommandStore = { load: () => [...kept], keep: (entry) => kept.push(entry) };
  const first = commandsWith(1_000, store);
  assert.equal(await first.receive({ id: 'done' }), 'received, succeeded');
  assert.equal(await first.receive({ id: 'no', name: 'none' }), 'rejected unknown_command');
  void first.receive({ id: 'under way', name: 'hang' });
  void first.receive({ id: 'harmless', name: 'hang again' });
  assert.deepEqual(kept.at(-1), { id: 'under way', outcome: null }, 'written down before it is run');
  for (const known of [0, 1, 2, 255]) {
    const again = commandsWith(1_000, store);
    assert.equal(await again.receive({ id: 'done', known }), 'succeeded');
    assert.equal(await again.receive({ id: 'no', name: 'none', known }), 'rejected unknown_command');
    assert.equal(await again.receive({ id: 'under way', known }), 'failed lost');
    assert.equal(
      await again.receive({ id: 'harmless', name: 'status', known }),
      known === 0 ? 'received, succeeded' : 'succeeded',
    );
    assert.equal(again.runs(), 0);
  }
});

test('a command that cannot be written down is not run; an outcome that cannot is told all the same', async () => {
  let room = 0;
  const store: CommandStore = {
    load: () => [],
    keep: () => {
      if (room-- <= 0) throw new Error('disk full');
    },
  };
  const { receive, runs } = commandsWith(1_000, store);
  assert.equal(await receive({}), 'rejected not_kept');
  assert.equal(runs(), 0);
  room = 1;
  assert.equal(await receive({}), 'received, succeeded');
  assert.equal(await receive({ known: 1 }), 'succeeded');
});

test('what runs at a time is bounded, and its last word is told again', async () => {
  const { receive } = commandsWith();
  for (let n = 0; n < 32; n++) void receive({ id: `r${n}`, name: 'hang' });
  assert.equal(await receive({ id: 'more' }), 'rejected busy');
  assert.equal(await receive({ id: 'r0', name: 'hang', known: 1 }), 'received');
});

test('at least the last 8 commands are remembered, and what is remembered is bounded', async () => {
  const { receive, runs } = commandsWith();
  for (let n = 0; n < 100; n++) await receive({ id: `c${n}` });
  for (let n = 92; n < 100; n++) assert.equal(await receive({ id: `c${n}`, known: 255 }), 'succeeded');
  assert.equal(await receive({ id: 'c0', known: 255 }), 'failed lost');
  assert.equal(runs(), 100);
});
