import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createOutbox } from './outbox.js';

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

test('what was buffered while away is not covered by a mark that others moved', () => {
  const { outbox, sent, acked } = outboxWith();
  for (const frame of 'ab') outbox.push(frame);
  outbox.welcome(0, 64);
  sent();
  outbox.unlinked();
  for (const frame of 'cdef') outbox.push(frame);
  outbox.welcome(4, 64);
  assert.deepEqual([acked, sent()], [[], ['a@5', 'b@6', 'c@7', 'd@8', 'e@9', 'f@10']]);
});

test('a frame may be given and sent while another is acked', () => {
  const acked: number[] = [];
  const sent: number[] = [];
  const outbox = createOutbox<number>({
    framesMax: 10,
    acked(frame) {
      acked.push(frame);
      if (frame < 3) outbox.push(frame + 10);
      sent.push(outbox.take()?.frame ?? 0);
    },
    nacked() {},
  });
  for (const frame of [1, 2, 3]) outbox.push(frame);
  outbox.welcome(0, 8);
  for (let next = outbox.take(); next !== null; next = outbox.take());
  outbox.unlinked();
  outbox.welcome(3, 1);
  assert.deepEqual(
    [acked, sent],
    [
      [1, 2, 3],
      [11, 0, 0],
    ],
  );
  outbox.ack(4, 8);
  assert.deepEqual([acked, sent, outbox.size()], [[1, 2, 3, 11], [11, 0, 0, 12], 1]);
});

test('a long run leaves nothing behind in the buffer', () => {
  const { outbox, sent, acked } = outboxWith(5_000);
  outbox.welcome(0, 64);
  for (let seq = 1; seq <= 10_000; seq++) {
    outbox.push('f');
    if (seq % 3 === 0) sent();
    if (seq % 60 === 0) outbox.ack(seq, 0);
  }
  sent();
  outbox.ack(10_000, 0);
  assert.deepEqual([acked.length, acked.at(-1), outbox.size(), outbox.inFlight()], [10_000, 'f@10000', 0, 0]);
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
