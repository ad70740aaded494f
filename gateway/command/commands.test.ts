import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandTools } from './commands.fixture.js';
import { CommandConflict, CommandError } from './errors.js';

test('a command for a linked device is sent only after it is stored, and its first record says that it was attempted', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const link = tools.link(device);
  const made = tools.commands.create(device, { name: 'do' }, 'key', null, '');
  await tools.settle();
  assert.equal(link.heard.length, 0);
  tools.writes.shift()?.finish();
  const { id } = await made;
  assert.deepEqual(
    link.heard.map((one) => [one.id, one.known]),
    [[id, 0]],
  );
  assert.equal(tools.disk.commands[0].attempted, true);
  assert.equal(tools.stateOf(id), 'queued', 'the state "sent" is not on disk yet');
  assert.deepEqual(tools.shown, ['d1 queued']);
  await tools.flush();
  assert.deepEqual(tools.shown, ['d1 queued', 'd1 sent']);
});

test('updates that follow the send at once share its write, and a final state is written without delay', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  tools.link(device);
  const made = tools.commands.create(device, { name: 'do' }, 'key', null, '');
  await tools.settle();
  tools.writes.shift()?.finish();
  const { id } = await made;
  tools.commands.update(device, { id, state: 'received' });
  assert.equal(tools.writes.length, 0, '"sent" and "received" may wait for more changes');
  tools.commands.update(device, { id, state: 'succeeded' });
  assert.deepEqual(
    tools.writes.map(({ changes }) => changes.map((change) => 'state' in change && change.state)),
    [['sent', 'received', 'succeeded']],
  );
  assert.deepEqual(tools.shown, ['d1 queued'], 'no state is shown before it is on disk');
  await tools.flush();
  assert.deepEqual(tools.shown, ['d1 queued', 'd1 sent', 'd1 received', 'd1 succeeded']);
});

test('a command that waited for its device is recorded as attempted before it is sent, also if the device links twice', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const id = await tools.create(device);
  const link = tools.link(device);
  tools.commands.linked(device);
  assert.equal(link.heard.length, 0);
  assert.equal(tools.writes.length, 1);
  tools.writes.shift()?.finish();
  await tools.settle();
  assert.equal(tools.disk.commands[0].attempted, true);
  assert.deepEqual(
    link.heard.map((one) => one.id),
    [id],
  );
});

test('commands are sent in order, one in flight at a time, the next one after the final state', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const ids = [await tools.create(device), await tools.create(device), await tools.create(device)];
  const link = tools.link(device);
  await tools.flush();
  for (const [n, id] of ids.entries()) {
    assert.deepEqual(
      link.heard.map((one) => one.id),
      ids.slice(0, n + 1),
    );
    tools.commands.update(device, { id, state: 'received' });
    tools.commands.update(device, { id, state: 'succeeded', result: n });
    await tools.flush();
  }
  assert.deepEqual(
    tools.disk.commands.map(({ state, result }) => [state, result]),
    [0, 1, 2].map((n) => ['succeeded', n]),
  );
});

test('after a reconnect a command without a final state is sent again with its id and its last known state', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  tools.link(device);
  const id = await tools.create(device);
  const known = async (): Promise<number> => {
    tools.unlink(device);
    const link = tools.link(device);
    await tools.flush();
    assert.deepEqual(
      link.heard.map((one) => one.id),
      [id],
    );
    return link.heard[0].known;
  };
  assert.equal(await known(), 255);
  tools.commands.update(device, { id, state: 'received' });
  assert.equal(await known(), 1);
  tools.commands.update(device, { id, state: 'running', result: { progress: 0.4 } });
  assert.deepEqual(tools.commands.progressOf(id), { progress: 0.4 });
  assert.equal(await known(), 2);
  tools.commands.update(device, { id, state: 'succeeded' });
  tools.unlink(device);
  assert.deepEqual(tools.link(device).heard, []);
  await tools.flush();
  assert.equal(tools.counters.commandsResent, 3);
  assert.deepEqual(
    tools.events.map(({ state }) => state),
    ['queued', 'sent', 'received', 'running', 'succeeded'],
  );
});

test('a command that the socket did not accept stays queued on disk, and can be cancelled', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const link = tools.link(device, { takes: false });
  const id = await tools.create(device);
  assert.deepEqual([tools.stateOf(id), tools.disk.commands[0].attempted], ['queued', false]);
  const after = tools.restart();
  await after.flush();
  assert.equal(after.stateOf(id), 'queued', 'a restart does not count it as sent');
  const cancelled = tools.commands.cancel(id, 'key');
  await tools.flush();
  await cancelled;
  assert.equal(tools.stateOf(id), 'cancelled');
  assert.equal(link.heard.length, 0);
});

test('a command stays queued if the link ends while the attempt is written', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const id = await tools.create(device);
  tools.link(device);
  tools.unlink(device);
  await tools.flush();
  assert.deepEqual([tools.stateOf(id), tools.disk.commands[0].attempted], ['queued', false]);
  const link = tools.link(device);
  await tools.flush();
  assert.deepEqual([tools.stateOf(id), link.heard[0].known], ['sent', 0]);
});

test('a command that the gateway was about to send when it stopped counts as sent, with known 255', async () => {
  const tools = commandTools();
  const [a, b] = [tools.addDevice(1), tools.addDevice(2)];
  tools.link(a);
  const made = tools.commands.create(a, { name: 'do' }, 'key', null, '');
  await tools.settle();
  tools.writes.shift()?.finish();
  const { id: attempted } = await made;
  tools.writes.splice(0); // "sent" never reaches the disk
  const other = commandTools({ commands: structuredClone(tools.disk.commands), batches: [] });
  const queued = await other.create(other.addDevice(b.key));
  const after = other.restart();
  await after.flush();
  assert.deepEqual([after.stateOf(attempted), after.stateOf(queued)], ['sent', 'queued']);
  const links = [after.link(a), after.link(b)];
  await after.flush();
  assert.deepEqual(
    links.map(({ heard }) => heard.map(({ id, known }) => [id, known])),
    [[[attempted, 255]], [[queued, 0]]],
  );
});

test('a queued command expires, a sent one without an answer times out, and an overdue one is not sent', async () => {
  const tools = commandTools();
  const [a, b] = [tools.addDevice(1), tools.addDevice(2)];
  const waiting = await tools.create(a, { ttlMs: 1_000 });
  tools.link(b);
  const silent = await tools.create(b, { ttlMs: 1_000, deadlineMs: 5_000 });
  const next = await tools.create(b, { ttlMs: 60_000 });
  tools.pass(1_000);
  const link = tools.link(a);
  await tools.flush();
  assert.deepEqual(link.heard, []);
  tools.commands.tick();
  await tools.flush();
  assert.deepEqual([tools.stateOf(waiting), tools.stateOf(silent)], ['expired', 'sent']);
  tools.pass(4_000);
  tools.commands.tick();
  await tools.flush();
  assert.deepEqual([tools.stateOf(silent), tools.stateOf(next)], ['timed_out', 'sent']);
});

test('a late update is kept once as an event and changes no final state, and an update of another device is refused', async () => {
  const tools = commandTools();
  const [a, b] = [tools.addDevice(1), tools.addDevice(2)];
  tools.link(a);
  const id = await tools.create(a, { deadlineMs: 1_000 });
  assert.deepEqual(await tools.commands.update(b, { id, state: 'succeeded' }), {
    code: 'command_unknown',
    message: `no command ${id} was sent to this device`,
  });
  tools.pass(1_000);
  tools.commands.tick();
  // Both updates come before the final state is on disk.
  const words = [
    tools.commands.update(a, { id, state: 'succeeded' }),
    tools.commands.update(a, { id, state: 'succeeded' }),
  ];
  await tools.flush();
  assert.deepEqual(await Promise.all(words), [null, null]);
  await tools.flush();
  assert.equal(tools.stateOf(id), 'timed_out');
  assert.deepEqual(
    tools.events.filter(({ state }) => state === 'succeeded').map(({ cause }) => cause),
    ['late word of device d1'],
  );
  const other = await tools.commands.update(b, { id, state: 'failed' });
  assert.equal(other?.code, 'command_unknown');
  assert.equal((await tools.commands.update(a, { id: 'none', state: 'failed' }))?.code, 'command_unknown');
});

test('an update of a command that was never sent is refused', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const id = await tools.create(device);
  const fault = await tools.commands.update(device, { id, state: 'succeeded' });
  assert.equal(fault?.code, 'command_unknown');
  assert.equal(tools.stateOf(id), 'queued');
});

test('an update is kept while writes fail, and is shown only once it is written', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  tools.link(device);
  const id = await tools.create(device);
  tools.commands.update(device, { id, state: 'succeeded', result: 7 });
  let ended = false;
  void tools.commands.wait(id, 60_000).then(() => {
    ended = true;
  });
  for (let n = 0; n < 3; n++) {
    await tools.settle();
    tools.writes.shift()?.finish(new Error('disk full'));
    await tools.settle();
    tools.runTimers();
    // A failed write starts only its own timer again, and not the timer of the wait.
    assert.deepEqual(tools.shown, ['d1 queued', 'd1 sent']);
  }
  await tools.flush();
  assert.deepEqual([ended, tools.stateOf(id), tools.disk.commands[0].result], [true, 'succeeded', 7]);
});

test('a wait reports whether the command ended, is still open, or had ended before', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  tools.link(device);
  const id = await tools.create(device);
  assert.deepEqual(await tools.commands.wait(id, 0), { outcome: 'open' });
  const brief = tools.commands.wait(id, 60_000);
  tools.runTimers();
  assert.deepEqual(await brief, { outcome: 'open' });
  const long = tools.commands.wait(id, 60_000);
  tools.commands.update(device, { id, state: 'succeeded', result: 7 });
  assert.equal(tools.stateOf(id), 'sent', 'the final state is known and not yet on disk');
  const ending = tools.commands.wait(id, 60_000);
  await tools.flush();
  const ended = { outcome: 'ended', state: 'succeeded', result: 7, error: null };
  assert.deepEqual([await long, await ending], [ended, ended]);
  for (const over of [id, 'none'])
    assert.deepEqual(await tools.commands.wait(over, 60_000), { outcome: 'ended_before' }, over);
});

test('a newer command supersedes a queued one with the same `supersedes`, and never a sent one', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const [first, other] = [
    await tools.create(device, { supersedes: 'setpoint' }),
    await tools.create(device, { supersedes: 'mode' }),
  ];
  const second = await tools.create(device, { supersedes: 'setpoint' });
  assert.deepEqual([first, other, second].map(tools.stateOf), ['superseded', 'queued', 'queued']);
  assert.equal(tools.events.at(-1)?.cause, `superseded by ${second}`);
  tools.link(device);
  await tools.flush();
  await tools.create(device, { supersedes: 'mode' });
  assert.equal(tools.stateOf(other), 'sent');
});

test('one key creates one command, also from requests at the same time, and is refused with another body', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const create = (hash: string) => tools.commands.create(device, { name: 'do' }, 'key', 'k1', hash);
  const both = [create('x'), create('x'), create('y')];
  const settled = Promise.allSettled(both);
  await tools.flush();
  const [one, two, three] = await settled;
  assert.equal(one.status === 'fulfilled' && one.value.id, two.status === 'fulfilled' && two.value.id);
  assert.ok(three.status === 'rejected' && three.reason instanceof CommandConflict);
  assert.equal((await create('x')).id, tools.disk.commands[0].id);
  await assert.rejects(create('y'), { code: 'idempotency_conflict' });
  assert.equal(tools.disk.commands.length, 1);
});

test('a command larger than the device accepts is refused, and is sent once a hello allows its size', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const params = { text: 'x'.repeat(2_000) };
  await assert.rejects(tools.commands.create(device, { name: 'do', params }, 'key', null, ''), {
    code: 'command_too_large',
  });
  tools.link(device, { maxCommandBytes: 4_096 });
  tools.unlink(device);
  const id = await tools.create(device, { params });
  const link = tools.link(device);
  await tools.flush();
  assert.equal(tools.stateOf(id), 'queued', 'its hello has not come yet');
  link.maxCommandBytes = 4_096;
  tools.commands.linked(device);
  await tools.flush();
  assert.equal(tools.stateOf(id), 'sent');
});

test('the number of open commands per device is limited', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  for (let n = 0; n < 20; n++) await tools.create(device);
  await assert.rejects(
    tools.commands.create(device, { name: 'do' }, 'key', null, ''),
    (error) => error instanceof CommandError && error.code === 'too_many_commands',
  );
});

test('queued commands of a removed device get the state device_removed', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const id = await tools.create(device);
  const after = tools.restart();
  after.removeDevice(1);
  tools.commands.deviceRemoved(device);
  await tools.flush();
  assert.equal(tools.stateOf(id), 'device_removed');
});

test('several commands may be in flight if the configuration allows it', async () => {
  const tools = commandTools(undefined, { inFlightMax: 2 });
  const device = tools.addDevice(1);
  const link = tools.link(device);
  for (let n = 0; n < 3; n++) await tools.create(device);
  assert.equal(link.heard.length, 2);
});

test('a new command and the end of those that it supersedes are one transaction: a kill leaves both or neither', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const first = await tools.create(device, { supersedes: 'setpoint' });
  const made = tools.commands.create(device, { name: 'do', supersedes: 'setpoint' }, 'key', null, '');
  await tools.settle();
  assert.equal(tools.writes.length, 1);
  tools.writes.shift()?.finish();
  // The gateway is killed before it does anything else.
  const after = tools.restart();
  const link = after.link(after.addDevice(1));
  await after.flush();
  assert.deepEqual(
    link.heard.map(({ id }) => id),
    [(await made).id],
  );
  assert.equal(after.stateOf(first), 'superseded');
});

test('a command is not sent while the one that supersedes it is being stored, and is sent if that fails', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const first = await tools.create(device, { supersedes: 'setpoint' });
  const made = tools.commands.create(device, { name: 'do', supersedes: 'setpoint' }, 'key', null, '');
  await tools.settle();
  const link = tools.link(device);
  await tools.settle();
  assert.equal(link.heard.length, 0);
  tools.writes.shift()?.finish(new Error('the disk is full'));
  await assert.rejects(made, /the disk is full/);
  await tools.flush();
  assert.deepEqual(
    link.heard.map(({ id }) => id),
    [first],
  );
});

test('an attempt that is being noted is taken back if a newer command supersedes it', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const first = await tools.create(device, { supersedes: 'setpoint' });
  const link = tools.link(device);
  const made = tools.commands.create(device, { name: 'do', supersedes: 'setpoint' }, 'key', null, '');
  await tools.flush();
  assert.deepEqual(
    link.heard.map(({ id }) => id),
    [(await made).id],
  );
  assert.equal(tools.stateOf(first), 'superseded');
});

test('of commands that supersede the same and come at the same time, one stays queued', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  const made = Array.from({ length: 5 }, () =>
    tools.commands.create(device, { name: 'do', supersedes: 'setpoint' }, 'key', null, ''),
  );
  await tools.flush();
  const ids = (await Promise.all(made)).map(({ id }) => id);
  assert.deepEqual(ids.map(tools.stateOf), ['superseded', 'superseded', 'superseded', 'superseded', 'queued']);
});

test('what happens to a command that is being superseded counts only if the newer one cannot be stored', async () => {
  for (const fails of [false, true]) {
    const tools = commandTools();
    const device = tools.addDevice(1);
    const first = await tools.create(device, { supersedes: 'setpoint' });
    const made = tools.commands.create(device, { name: 'do', supersedes: 'setpoint' }, 'key', null, '');
    await tools.settle();
    const cancelled = tools.commands.cancel(first, 'key');
    tools.writes.shift()?.finish(fails ? new Error('the disk is full') : undefined);
    const both = Promise.allSettled([made, cancelled]);
    await tools.flush();
    const [creation, cancellation] = await both;
    assert.deepEqual(
      [creation.status, cancellation.status, tools.stateOf(first)],
      fails ? ['rejected', 'fulfilled', 'cancelled'] : ['fulfilled', 'rejected', 'superseded'],
    );
  }
});

test('a cancellation and its audit record are one transaction', async () => {
  const tools = commandTools();
  const id = await tools.create(tools.addDevice(1));
  const cancelled = tools.commands.cancel(id, 'key');
  await tools.settle();
  const [{ changes, finish }] = tools.writes.splice(0);
  assert.deepEqual(
    changes.map(({ type }) => type),
    ['command_moved', 'audit'],
  );
  finish();
  await cancelled;
});

test('requests at the same time create no more commands than a device may have, whether or not they supersede', async () => {
  for (const more of [{}, { supersedes: 'setpoint' }]) {
    const tools = commandTools();
    const device = tools.addDevice(1);
    const made = Array.from({ length: 60 }, () =>
      tools.commands.create(device, { name: 'do', ...more }, 'key', null, ''),
    );
    const all = Promise.allSettled(made);
    await tools.flush();
    const settled = await all;
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 20);
    for (const one of settled) if (one.status === 'rejected') assert.equal(one.reason.code, 'too_many_commands');
    assert.equal(tools.disk.commands.length, 20);
  }
});

test('room that a command took is free again if it cannot be stored', async () => {
  const tools = commandTools();
  const device = tools.addDevice(1);
  for (let n = 0; n < 25; n++) {
    const made = tools.commands.create(device, { name: 'do' }, 'key', null, '');
    await tools.settle();
    tools.writes.shift()?.finish(new Error('the disk is full'));
    await assert.rejects(made, /the disk is full/);
  }
  assert.equal(tools.stateOf(await tools.create(device)), 'queued');
});
