import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closeCodes } from '../schemas/closeCodes.js';
import { type Command, type CommandUpdate, createCommands } from './commands.js';
import { createOutbox } from './outbox.js';
import { describeEnding, reconnectDelayMs } from './reconnect.js';

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

/** A gateway and a device in turns: acks may be lost with their link, the mark never is. */
test('whatever happens to the link, every frame is stored, ends acked once, in order, and never above its window', () => {
  const step = fc.constantFrom('push', 'push', 'send', 'commit', 'ack', 'cut', 'reconnect', 'reboot');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.nat(20), (steps, startMark) => {
      const window = 4;
      const ended: number[] = [];
      const lostInReboot = new Set<number>();
      const stored: number[] = [];
      const fresh = () =>
        createOutbox<number>({ framesMax: 1_000, acked: (frame) => ended.push(frame), nacked: () => assert.fail() });
      let outbox = fresh();
      let kept: number[] = [];
      let linked = false;
      let pushed = 0;
      let mark = startMark;
      let onTheWay: { seq: number; frame: number }[] = [];
      const act: Record<string, () => void> = {
        push: () => outbox.push(kept[kept.push(pushed++) - 1]),
        send() {
          for (let next = outbox.take(); next !== null; next = outbox.take()) onTheWay.push({ ...next });
          assert.ok(outbox.inFlight() <= window);
          assert.ok(linked || onTheWay.length === 0, 'nothing goes without a welcome');
        },
        commit() {
          const next = onTheWay.shift();
          if (next === undefined) return;
          assert.equal(next.seq, mark + 1, 'seq ascends without gap or repeat');
          mark = next.seq;
          if (!stored.includes(next.frame)) stored.push(next.frame);
        },
        ack: () => linked && outbox.ack(mark, 0),
        cut() {
          outbox.unlinked();
          linked = false;
          onTheWay = [];
        },
        reconnect() {
          act.cut();
          outbox.welcome(mark, window);
          linked = true;
        },
        reboot() {
          act.cut();
          for (const frame of kept) if (!ended.includes(frame)) lostInReboot.add(frame);
          kept = [];
          outbox = fresh();
        },
      };
      for (const name of steps) act[name]();
      act.reconnect();
      while (outbox.size() > 0) for (const name of ['send', 'commit', 'ack']) act[name]();
      const all = Array.from({ length: pushed }, (_, i) => i).filter((frame) => !lostInReboot.has(frame));
      assert.deepEqual(ended, all);
      assert.ok(
        ended.every((frame) => stored.includes(frame)),
        'what the device calls acked is stored',
      );
    }),
    { seed: 7, numRuns: 500 },
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
  for (const reason of ['{broken', '{}', '{"retryAfterMs":-5}', '{"retryAfterMs":"9"}', 'null'])
    assert.equal(
      reconnectDelayMs({ kind: 'close', code: 4000, reason }, 0, () => 0),
      0,
    );
  assert.equal(
    reconnectDelayMs({ kind: 'close', code: 4000, reason: '{"retryAfterMs":1e12}' }, 0, () => 0),
    3_600_000,
  );
});

test('jitter is full: no attempt comes before what was told, none after the span, and they spread over all of it', () => {
  const delays = Array.from({ length: 1_000 }, (_, i) =>
    reconnectDelayMs({ kind: 'refused', status: 429, retryAfterSeconds: 2 }, 3, () => i / 1_000),
  );
  assert.deepEqual([Math.min(...delays), Math.max(...delays)], [2_000, 2_000 + 3_996]);
  assert.ok(new Set(delays).size === 1_000);
});

test('why a link ended is told in few words', () => {
  assert.deepEqual(
    [
      { kind: 'close', code: 4001, reason: '' } as const,
      { kind: 'close', code: 1006, reason: '' } as const,
      { kind: 'refused', status: 401, retryAfterSeconds: null } as const,
      { kind: 'failed', cause: 'ECONNREFUSED' } as const,
    ].map(describeEnding),
    ['close 4001 overloaded', 'close 1006', 'HTTP 401', 'ECONNREFUSED'],
  );
});

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
