import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CommandFailure,
  type CommandHandlers,
  type CommandMemory,
  noMemory,
  type RememberedCommand,
} from './command.js';
import { CommandRunner } from './commandRunner.js';
import type { Command, CommandUpdate } from './messages.js';

interface RunnerSettings {
  now?: number;
  memory?: CommandMemory;
  handlers?: CommandHandlers;
}

const hang = { run: () => new Promise(() => {}) };

/** A runner whose `receive` returns the states that it reported for that message. */
function runnerWith({ now = 1_000, memory = noMemory, handlers }: RunnerSettings = {}) {
  const updates: CommandUpdate[] = [];
  const began: string[] = [];
  const failures: unknown[] = [];
  let runs = 0;
  const runner = new CommandRunner({
    handlers: handlers ?? {
      count: { run: () => ++runs },
      fail: { run: () => assert.fail('no') },
      stuck: {
        run() {
          throw new CommandFailure('stuck');
        },
      },
      picky: { refuse: ({ params }) => (params.no ? { code: 'params_invalid' } : null), run: () => ++runs },
      hang,
      'hang again': { idempotent: true, ...hang },
      status: { idempotent: true, run: () => 'fine' },
    },
    memory,
    gatewayNow: () => now,
    report: (update) => updates.push(update),
    executed: ({ id }) => began.push(id),
    memoryFailed: (error) => failures.push(error),
  });
  const receive = async (change: Partial<Command>): Promise<string> => {
    updates.length = 0;
    await runner.receive({ id: 'c1', name: 'count', params: {}, expiresAt: 0, known: 0, ...change });
    return updates.map(({ state, error }) => (error === undefined ? state : `${state} ${error.code}`)).join(', ');
  };
  return { receive, updates, began, failures, runs: () => runs };
}

test('a command that arrives several times runs once, and a repeat is answered with its outcome', async () => {
  const { receive, runs } = runnerWith();
  assert.equal(await receive({}), 'received, succeeded');
  for (const known of [0, 1, 2, 255]) assert.equal(await receive({ known, expiresAt: 1 }), 'succeeded');
  assert.equal(runs(), 1);
});

test('a repeat that the device does not remember is reported as lost, unless the command is idempotent', async () => {
  const { receive } = runnerWith();
  for (const known of [1, 2, 255]) {
    assert.equal(await receive({ id: `k${known}`, known }), 'failed lost');
    assert.equal(await receive({ id: `i${known}`, name: 'status', known }), 'received, succeeded');
  }
});

test('unknown, overdue and failing commands are answered with their reason, also if the name is one of an Object method', async () => {
  const { receive, updates } = runnerWith({ now: 5_000 });
  assert.equal(await receive({ id: 'u', name: 'none', known: 255 }), 'rejected unknown_command');
  assert.equal(await receive({ id: 'p', name: 'constructor' }), 'rejected unknown_command');
  assert.equal(await receive({ id: 'e', expiresAt: 4_999 }), 'rejected expired');
  assert.equal(await receive({ id: 'n', expiresAt: 5_000 }), 'received, succeeded', 'not overdue yet');
  assert.equal(await receive({ id: 'f', name: 'fail' }), 'received, failed error');
  assert.equal(updates[1].error?.message, 'no');
  assert.equal(await receive({ id: 's', name: 'stuck' }), 'received, failed stuck');
});

test('an overdue command that may have run is reported as lost and not as expired, also if it is idempotent', async () => {
  const { receive } = runnerWith({ now: 5_000 });
  assert.equal(await receive({ id: 'e', expiresAt: 4_999, known: 255 }), 'failed lost');
  assert.equal(await receive({ id: 'i', name: 'status', expiresAt: 4_999, known: 255 }), 'failed lost');
});

test('progress is reported while a command runs, and not after its outcome', async () => {
  let progress: (share: number) => void = () => {};
  const slow = {
    run(_params: unknown, report: (share: number) => void) {
      progress = report;
      report(0.4);
      return 'done';
    },
  };
  const { receive, updates } = runnerWith({ handlers: { slow } });
  assert.equal(await receive({ name: 'slow' }), 'received, running, succeeded');
  assert.deepEqual(updates[1].result, { progress: 0.4 });
  progress(0.9);
  assert.equal(updates.length, 3);
  assert.equal(await receive({ name: 'slow' }), 'succeeded');
});

test('a repeat of a running command is answered with its progress, and does not start it again', async () => {
  let progress: (share: number) => void = () => {};
  let end: (result: unknown) => void = () => {};
  const move = {
    run(_params: unknown, report: (share: number) => void) {
      progress = report;
      return new Promise((resolve) => (end = resolve));
    },
  };
  const { receive, updates, began } = runnerWith({ handlers: { move } });
  const first = receive({ name: 'move' });
  while (began.length === 0) await new Promise(setImmediate);
  assert.equal(await receive({ name: 'move', known: 255 }), 'running');
  assert.equal(updates[0].result, undefined);
  progress(0.5);
  assert.equal(await receive({ name: 'move', known: 255 }), 'running');
  assert.deepEqual(updates[0].result, { progress: 0.5 });
  end({ at: 1 });
  await first;
  assert.deepEqual([updates.at(-1)?.state, updates.at(-1)?.result, began], ['succeeded', { at: 1 }, ['c1']]);
});

test('a command that its handler refuses is rejected with the reason and not run', async () => {
  const { receive, runs } = runnerWith();
  assert.equal(await receive({ name: 'picky', params: { no: true } }), 'rejected params_invalid');
  assert.equal(await receive({ id: 'c2', name: 'picky' }), 'received, succeeded');
  assert.equal(runs(), 1);
});

test('after() runs after its command has succeeded and was reported, and not after a failure', async () => {
  const seen: string[] = [];
  const handlers: CommandHandlers = {
    reboot: { run: () => {}, after: () => seen.push(updates.at(-1)?.state ?? '') },
    broken: { run: () => assert.fail('no'), after: () => seen.push('never') },
  };
  const { receive, updates } = runnerWith({ handlers });
  await receive({ name: 'reboot' });
  await receive({ id: 'c2', name: 'broken' });
  assert.deepEqual(seen, ['succeeded']);
});

test('a function may return the handlers', async () => {
  const { receive } = runnerWith({ handlers: (name) => (name === 'any' ? { run: () => 1 } : undefined) });
  assert.equal(await receive({ name: 'any' }), 'received, succeeded');
  assert.equal(await receive({ id: 'c2', name: 'other' }), 'rejected unknown_command');
});

test('after a crash a command that was running is reported as lost and not run again, and saved outcomes are kept', async () => {
  const kept: RememberedCommand[] = [];
  const memory: CommandMemory = { load: () => [...kept], keep: (entry) => void kept.push(entry) };
  const first = runnerWith({ memory });
  assert.equal(await first.receive({ id: 'done' }), 'received, succeeded');
  assert.equal(await first.receive({ id: 'no', name: 'none' }), 'rejected unknown_command');
  void first.receive({ id: 'harmless', name: 'hang again' });
  void first.receive({ id: 'under way', name: 'hang' });
  assert.deepEqual(kept.at(-1), { id: 'under way', outcome: null }, 'saved before it is run');
  for (const known of [0, 1, 2, 255]) {
    const again = runnerWith({ memory });
    assert.equal(await again.receive({ id: 'done', known }), 'succeeded');
    assert.equal(await again.receive({ id: 'no', name: 'none', known }), 'rejected unknown_command');
    assert.equal(await again.receive({ id: 'under way', known }), 'failed lost');
    const harmless = await again.receive({ id: 'harmless', name: 'status', known });
    assert.equal(harmless, known === 0 ? 'received, succeeded' : 'succeeded');
    assert.equal(again.runs(), 0);
  }
});

test('a command that cannot be saved is not run, and an outcome that cannot be saved is still reported', async () => {
  let room = 0;
  const memory: CommandMemory = {
    load: () => [],
    keep() {
      if (room-- <= 0) throw new Error('disk full');
    },
  };
  const { receive, runs, failures } = runnerWith({ memory });
  assert.equal(await receive({}), 'received, failed not_saved');
  assert.equal(runs(), 0);
  room = 1;
  assert.equal(await receive({ id: 'c2' }), 'received, succeeded');
  assert.equal(await receive({ id: 'c2', known: 1 }), 'succeeded');
  assert.equal(runs(), 1);
  assert.match(String(failures.at(-1)), /disk full/);
});

test('the number of commands that run at the same time is limited', async () => {
  const { receive } = runnerWith();
  for (let n = 0; n < 32; n++) void receive({ id: `r${n}`, name: 'hang' });
  assert.equal(await receive({ id: 'more' }), 'rejected busy');
  assert.equal(await receive({ id: 'r0', name: 'hang', known: 1 }), 'running');
});

test('only the last 32 outcomes are remembered', async () => {
  const { receive, runs } = runnerWith();
  for (let n = 0; n < 100; n++) await receive({ id: `c${n}` });
  for (let n = 68; n < 100; n++) assert.equal(await receive({ id: `c${n}`, known: 255 }), 'succeeded');
  assert.equal(await receive({ id: 'c0', known: 255 }), 'failed lost');
  assert.equal(runs(), 100);
});

test('with any repeats and crashes a command runs at most once, and all its reported outcomes are the same', async () => {
  const step = fc.record({
    id: fc.integer({ min: 0, max: 3 }),
    known: fc.constantFrom(0, 1, 2, 255),
    crashes: fc.boolean(),
    savesFail: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const kept: RememberedCommand[] = [];
      const runs = new Map<string, number>();
      const outcomes = new Map<string, Set<string>>();
      let savesFail = false;
      let crashes = false;
      const memory: CommandMemory = {
        load: () => [...kept],
        keep(entry) {
          if (savesFail) throw new Error('disk full');
          kept.push(entry);
        },
      };
      const start = () =>
        new CommandRunner({
          handlers: {
            count: {
              run(_params, _progress, { id }) {
                runs.set(id, (runs.get(id) ?? 0) + 1);
                return crashes ? new Promise(() => {}) : 1;
              },
            },
          },
          memory,
          gatewayNow: () => 0,
          report({ id, state }) {
            if (state === 'received' || state === 'running') return;
            outcomes.set(id, (outcomes.get(id) ?? new Set()).add(state));
          },
        });
      let runner = start();
      for (const step of steps) {
        ({ savesFail, crashes } = step);
        const id = `c${step.id}`;
        const received = runner.receive({ id, name: 'count', params: {}, expiresAt: 0, known: step.known });
        await Promise.race([received, new Promise(setImmediate)]);
        if (crashes) runner = start();
      }
      for (const [id, count] of runs) assert.equal(count, 1, `${id} ran ${count} times`);
      // If an outcome could not be saved before a crash, the device may later report the command as lost.
      if (!steps.some((step) => step.savesFail))
        for (const [id, states] of outcomes) assert.equal(states.size, 1, `${id}: ${[...states].join(', ')}`);
    }),
    { seed: 11, numRuns: 200 },
  );
});
