import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandTools } from './commands.fixture.js';

type Tools = ReturnType<typeof commandTools>;

/** Creates `count` linked devices, and a command batch for all of them. */
async function startBatch(tools: Tools, count: number, more: object = {}) {
  const devices = Array.from({ length: count }, (_, n) => tools.addDevice(n + 1));
  const links = devices.map((device) => tools.link(device));
  const created = tools.batches.create(devices, { name: 'do', target: { all: true }, ...more }, 'key');
  await tools.flush();
  const { id } = await created;
  const underWay = () => links.filter(({ heard }) => heard.length > 0).length;
  async function answer(from: number, to: number, state: 'succeeded' | 'failed'): Promise<void> {
    for (let n = from; n < to; n++) {
      const [command] = links[n].heard;
      const error = state === 'failed' ? { error: { code: 'broken' } } : {};
      tools.commands.update(devices[n], { id: command.id, state, ...error });
    }
    await tools.flush();
  }
  const countOf = (state: string): number => tools.disk.commands.filter((one) => one.state === state).length;
  return { id, devices, links, underWay, answer, countOf };
}

const batchOf = ({ disk }: Tools) => disk.batches[0];

test('every device has its command at once, and no more are in flight than the concurrency allows', async () => {
  const tools = commandTools();
  const batch = await startBatch(tools, 10, { concurrency: 3 });
  assert.equal(tools.disk.commands.length, 10);
  assert.equal(batch.underWay(), 3);
  await batch.answer(0, 2, 'succeeded');
  assert.equal(batch.underWay(), 5);
  await batch.answer(2, 5, 'succeeded');
  await batch.answer(5, 8, 'succeeded');
  assert.equal(batchOf(tools).state, 'running');
  await batch.answer(8, 10, 'succeeded');
  assert.equal(batchOf(tools).state, 'done');
  assert.equal(batch.countOf('succeeded'), 10);
  assert.equal(tools.batches.runningCount(), 0);
});

test('offline devices do not count against the concurrency, and get their commands after they connect', async () => {
  const tools = commandTools();
  const devices = [1, 2, 3, 4].map(tools.addDevice);
  const online = tools.link(devices[3]);
  void tools.batches.create(devices, { name: 'do', target: {}, concurrency: 1 }, 'key');
  await tools.flush();
  assert.equal(online.heard.length, 1);
  const [first, second] = [tools.link(devices[0]), tools.link(devices[1])];
  await tools.flush();
  assert.deepEqual([first.heard.length, second.heard.length], [0, 0]);
  tools.commands.update(devices[3], { id: online.heard[0].id, state: 'succeeded' });
  await tools.flush();
  assert.deepEqual([first.heard.length, second.heard.length], [1, 0]);
});

test('too many failures abort the batch: queued commands are cancelled, and sent commands may finish', async () => {
  const tools = commandTools();
  const batch = await startBatch(tools, 10, { concurrency: 2, abortOnFailurePercent: 10 });
  await batch.answer(0, 1, 'failed');
  assert.equal(batchOf(tools).state, 'running', 'one in ten is not more than 10 %');
  await batch.answer(1, 2, 'failed');
  assert.equal(batchOf(tools).state, 'aborted');
  assert.deepEqual([batch.countOf('failed'), batch.countOf('cancelled'), batch.countOf('sent')], [2, 7, 1]);
  await batch.answer(2, 3, 'succeeded');
  assert.equal(batch.countOf('succeeded'), 1);
  assert.equal(tools.batches.runningCount(), 0);
});

test('with a concurrency of 1 and no failure allowed, the first failure stops the batch', async () => {
  const tools = commandTools();
  const batch = await startBatch(tools, 3, { concurrency: 1, abortOnFailurePercent: 0 });
  await batch.answer(0, 1, 'failed');
  assert.equal(batch.underWay(), 1);
  assert.deepEqual([batch.countOf('failed'), batch.countOf('cancelled')], [1, 2]);
});

test('a stopped batch sends no commands and does not block others, and a resumed batch sends again', async () => {
  const tools = commandTools();
  const batch = await startBatch(tools, 4, { concurrency: 1 });
  const stopped = tools.batches.stop(batch.id, 'key');
  await tools.flush();
  await stopped;
  await batch.answer(0, 1, 'succeeded');
  assert.equal(batch.underWay(), 1);
  const id = await tools.create(batch.devices[2]);
  assert.deepEqual(
    batch.links[2].heard.map((one) => one.id),
    [id],
    'a single command overtakes the command of a stopped batch',
  );
  tools.commands.update(batch.devices[2], { id, state: 'succeeded' });
  const resumed = tools.batches.resume(batch.id, 'key');
  await tools.flush();
  await resumed;
  assert.equal(batch.links[1].heard.length, 1);
  await assert.rejects(tools.batches.stop('none', 'key'), { code: 'already_ended' });
});

test('a batch resumes after a restart where it was', async () => {
  const tools = commandTools();
  const batch = await startBatch(tools, 5, { concurrency: 2 });
  await batch.answer(0, 1, 'succeeded');
  const after = tools.restart();
  after.runTimers();
  await after.flush();
  const links = batch.devices.map((device) => after.link(device));
  await after.flush();
  assert.deepEqual(
    links.map(({ heard }) => heard.map(({ known }) => known)),
    [[], [255], [255], [], []],
  );
  for (let n = 1; n < 5; n++) {
    after.commands.update(batch.devices[n], { id: links[n].heard[0].id, state: 'succeeded' });
    await after.flush();
  }
  assert.equal(after.disk.batches[0].state, 'done');
});

test('a batch with more commands than may be open is refused whole', async () => {
  const tools = commandTools();
  const devices = Array.from({ length: 1_001 }, (_, n) => tools.addDevice(n + 1));
  await assert.rejects(tools.batches.create(devices, { name: 'do', target: {} }, 'key'), { code: 'too_many_commands' });
  assert.equal(tools.writes.length, 0);
});

test('a device that the command is too large for counts as a failure', async () => {
  const tools = commandTools();
  const devices = [1, 2].map(tools.addDevice);
  tools.link(devices[1], { maxCommandBytes: 4_096 });
  const wanted = { name: 'do', params: { text: 'x'.repeat(2_000) }, target: {}, abortOnFailurePercent: 10 };
  void tools.batches.create(devices, wanted, 'key');
  await tools.flush();
  assert.equal(batchOf(tools).state, 'aborted');
});

test('a stop and a resume are one transaction with their audit records, and change nothing if it fails', async () => {
  const tools = commandTools();
  const batch = await startBatch(tools, 2, { concurrency: 1 });
  for (const what of ['stop', 'resume'] as const) {
    const before = batchOf(tools).state;
    const refused = tools.batches[what](batch.id, 'key');
    await tools.settle();
    assert.deepEqual(
      tools.writes[0].changes.map(({ type }) => type),
      ['batch_moved', 'audit'],
    );
    tools.writes.shift()?.finish(new Error('the disk is full'));
    await assert.rejects(refused, /the disk is full/);
    assert.equal(batchOf(tools).state, before);
    const done = tools.batches[what](batch.id, 'key');
    await tools.flush();
    await done;
  }
  await batch.answer(0, 1, 'succeeded');
  await batch.answer(1, 2, 'succeeded');
  assert.equal(batchOf(tools).state, 'done');
});

test('inserts that fail for seconds cost a batch none of its places', async () => {
  const tools = commandTools();
  const devices = Array.from({ length: 10 }, (_, n) => tools.addDevice(n + 1));
  const links = devices.map((device) => tools.link(device));
  const created = tools.batches.create(devices, { name: 'do', target: {}, concurrency: 3 }, 'key');
  await tools.settle();
  tools.writes.shift()?.finish();
  await created;
  for (let second = 0; second < 3; second++) {
    await tools.settle();
    tools.writes.shift()?.finish(new Error('the disk is full'));
    await tools.settle();
    tools.runTimers();
  }
  await tools.flush();
  assert.equal(links.filter(({ heard }) => heard.length > 0).length, 3);
});

test('a kill between the end of an aborted batch and that of its queued commands leaves none of them queued', async () => {
  const tools = commandTools();
  const batch = await startBatch(tools, 4, { concurrency: 1, abortOnFailurePercent: 0 });
  tools.disk.batches[0].state = 'aborted';
  tools.disk.batches[0].endedAt = 1_000_000;
  const after = tools.restart();
  await after.flush();
  const states = after.disk.commands.map(({ state }) => state);
  assert.deepEqual(states, ['sent', 'cancelled', 'cancelled', 'cancelled'], batch.id);
});

test('batches that come at the same time have no more commands than all devices together may have', async () => {
  const tools = commandTools();
  const devices = Array.from({ length: 300 }, (_, n) => tools.addDevice(n + 1));
  const made = Array.from({ length: 8 }, () => tools.batches.create(devices, { name: 'do', target: {} }, 'key'));
  const all = Promise.allSettled(made);
  await tools.flush();
  const settled = await all;
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 3);
  for (const one of settled) if (one.status === 'rejected') assert.equal(one.reason.code, 'too_many_commands');
  assert.equal(tools.disk.commands.length, 900);
});
