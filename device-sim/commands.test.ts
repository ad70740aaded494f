import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, type CommandUpdate, createCommands } from './commands.js';

function commandsWith(now = 1_000) {
  const updates: CommandUpdate[] = [];
  let runs = 0;
  let tell: (share: number) => void = () => {};
  const commands = createCommands(
    {
      count: { run: () => ++runs },
      fail: { run: () => assert.fail('no') },
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

test('at least the last 8 commands are remembered, and what is remembered is bounded', async () => {
  const { receive, runs } = commandsWith();
  for (let n = 0; n < 100; n++) await receive({ id: `c${n}` });
  for (let n = 92; n < 100; n++) assert.equal(await receive({ id: `c${n}`, known: 255 }), 'succeeded');
  assert.equal(await receive({ id: 'c0', known: 255 }), 'failed lost');
  assert.equal(runs(), 100);
});
