import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closeCodes } from '../schemas/closeCodes.js';
import { type Command, type CommandUpdate, createCommands } from './commands.js';
import { createOutbox } from './outbox.js';
import { reconnectDelayMs } from './reconnect.js';

function outboxWith(framesMax = 100) {
  const acked: string[] = [];
  const nacked: string[] = [];
  const outbox = createOutbox<string>({
    framesMax,
    acked: (frame, seq) => acked.push(`${frame}@${seq}`),
    nacked: (frame, seq, code) => nacked.push(`${frame}@${seq} ${code}`),
  });
  const sent = (): string[] => {
    const taken = [];
    for (let next = outbox.take(); next !== null; next = outbox.take()) taken.push(`${next.frame}@${next.seq}`);
    return taken;
  };
  return { outbox, acked, nacked, sent };
}

test('nothing is sent before the welcome, and no more than the window after it', () => {
  const { outbox, sent } = outboxWith();
  for (const frame of 'abcd') outbox.push(frame);
  assert.deepEqual(sent(), []);
  outbox.welcome(0, 3);
  assert.deepEqual(sent(), ['a@1', 'b@2', 'c@3']);
  outbox.ack(2, 0);
  assert.deepEqual(sent(), ['d@4']);
});

test('after a reconnect what lastSeq covers is done, and the rest is sent again under its number', () => {
  const { outbox, sent, acked } = outboxWith();
  for (const frame of 'abc') outbox.push(frame);
  outbox.welcome(0, 64);
  sent();
  outbox.unlinked();
  outbox.push('d');
  assert.deepEqual(sent(), []);
  outbox.welcome(2, 64);
  assert.deepEqual(acked, ['a@1', 'b@2']);
  assert.deepEqual(sent(), ['c@3', 'd@4']);
});

test('where lastSeq is above any number ever given, nothing is dropped and the buffer is numbered anew', () => {
  const { outbox, sent, acked } = outboxWith();
  for (const frame of 'abc') outbox.push(frame);
  outbox.welcome(16, 64);
  assert.deepEqual(acked, []);
  assert.deepEqual(sent(), ['a@17', 'b@18', 'c@19']);
});

test('numbers are given by sending: what a rebooted device buffered before its first welcome is not taken for stored', () => {
  const { outbox, sent, acked } = outboxWith();
  for (const frame of 'abc') outbox.push(frame);
  outbox.welcome(2, 64);
  assert.deepEqual(acked, []);
  assert.deepEqual(sent(), ['a@3', 'b@4', 'c@5']);
});

test('an ack speaks only of what was sent on this link', () => {
  const { outbox, sent, acked } = outboxWith();
  for (const frame of 'ab') outbox.push(frame);
  outbox.welcome(0, 1);
  assert.deepEqual(sent(), ['a@1']);
  outbox.ack(2, 0);
  assert.deepEqual(acked, ['a@1']);
});

test('lastSeq equal to the last number given covers everything', () => {
  const { outbox, acked, sent } = outboxWith();
  for (const frame of 'ab') outbox.push(frame);
  outbox.welcome(0, 64);
  sent();
  outbox.unlinked();
  outbox.welcome(2, 64);
  assert.deepEqual([acked, sent()], [['a@1', 'b@2'], []]);
});

test('a nack takes one frame out for good and frees its place in the window', () => {
  const { outbox, sent, nacked, acked } = outboxWith();
  for (const frame of 'abcd') outbox.push(frame);
  outbox.welcome(0, 2);
  assert.deepEqual(sent(), ['a@1', 'b@2']);
  outbox.nack(2, 'value_invalid');
  assert.deepEqual(sent(), ['c@3']);
  outbox.ack(3, 0);
  assert.deepEqual([nacked, acked, sent()], [['b@2 value_invalid'], ['a@1', 'c@3'], ['d@4']]);
});

test('an ack may widen or narrow the window', () => {
  const { outbox, sent } = outboxWith();
  for (const frame of 'abcdef') outbox.push(frame);
  outbox.welcome(0, 1);
  sent();
  outbox.ack(1, 3);
  assert.deepEqual(sent(), ['b@2', 'c@3', 'd@4']);
});

test('a full buffer says so and keeps what it has', () => {
  const { outbox, sent } = outboxWith(2);
  assert.deepEqual([outbox.push('a'), outbox.push('b'), outbox.push('c')], [true, true, false]);
  outbox.welcome(0, 64);
  assert.deepEqual(sent(), ['a@1', 'b@2']);
});

test('whatever happens to the link, every frame ends acked or nacked exactly once, and in order', () => {
  const step = fc.constantFrom('push', 'ack', 'cut', 'send');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ended: number[] = [];
      const outbox = createOutbox<number>({
        framesMax: 1_000,
        acked: (frame) => ended.push(frame),
        nacked: (frame) => ended.push(frame),
      });
      let pushed = 0;
      let mark = 0;
      const inFlight: number[] = [];
      const pump = (): void => {
        for (let next = outbox.take(); next !== null; next = outbox.take()) inFlight.push(next.seq);
      };
      outbox.welcome(0, 4);
      for (const name of steps) {
        if (name === 'push') outbox.push(pushed++);
        else if (name === 'send') pump();
        else if (name === 'ack' && inFlight.length > 0) outbox.ack((mark = inFlight.shift() as number), 0);
        else if (name === 'cut') {
          outbox.unlinked();
          inFlight.length = 0;
          outbox.welcome(mark, 4);
        }
      }
      while (ended.length < pushed) {
        pump();
        outbox.ack((mark = inFlight.shift() as number), 0);
      }
      assert.deepEqual(
        ended,
        Array.from({ length: pushed }, (_, i) => i),
      );
    }),
    { seed: 7 },
  );
});

test('reconnects: soon with a doubling span for most, slowly for what needs a person, never sooner than told', () => {
  const most = () => 1 - Number.EPSILON;
  const soon = { kind: 'close', code: 1006, reason: '' } as const;
  assert.deepEqual(
    [0, 1, 2, 10].map((failures) => reconnectDelayMs(soon, failures, most)),
    [500, 1_000, 2_000, 30_000],
  );
  assert.equal(
    reconnectDelayMs(soon, 5, () => 0),
    0,
  );
  for (const { code, comeBack } of Object.values(closeCodes)) {
    const delay = reconnectDelayMs({ kind: 'close', code, reason: '' }, 0, most);
    assert.equal(delay, comeBack === 'slowly' ? 300_000 : 500);
  }
  for (const status of [400, 401, 403])
    assert.equal(reconnectDelayMs({ kind: 'refused', status, retryAfterSeconds: null }, 9, most), 3_600_000);
  assert.equal(
    reconnectDelayMs({ kind: 'refused', status: 503, retryAfterSeconds: 7 }, 0, () => 0),
    7_000,
  );
  assert.equal(
    reconnectDelayMs({ kind: 'close', code: 4000, reason: '{"retryAfterMs":1234}' }, 0, () => 0),
    1_234,
  );
  assert.equal(
    reconnectDelayMs({ kind: 'close', code: 4000, reason: '{broken' }, 0, () => 0),
    0,
  );
});

function commandsWith(now = 1_000) {
  const updates: CommandUpdate[] = [];
  let runs = 0;
  const commands = createCommands(
    {
      count: { run: () => ++runs },
      fail: { run: () => assert.fail('no') },
      status: { idempotent: true, run: () => 'fine' },
    },
    () => now,
    (update) => updates.push(update),
  );
  const receive = async (change: Partial<Command>): Promise<string> => {
    updates.length = 0;
    await commands.receive({ id: 'c1', name: 'count', params: {}, expiresAt: 0, known: 0, ...change });
    return updates.map(({ state, error }) => (error === undefined ? state : `${state} ${error.code}`)).join(', ');
  };
  return { receive, runs: () => runs };
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
