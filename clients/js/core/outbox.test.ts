import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Numbered, Outbox, type RememberedNumbering } from './outbox.js';

const list = (frames: readonly Numbered<string>[]): string =>
  frames.map(({ seq, frame }) => `${seq}=${frame}`).join(' ');

function filled(...frames: string[]): Outbox<string> {
  const outbox = new Outbox<string>(100);
  for (const frame of frames) outbox.push(frame);
  return outbox;
}

/** Takes all frames that the window allows. */
function taken<Frame>(outbox: Outbox<Frame>): Numbered<Frame>[] {
  const all: Numbered<Frame>[] = [];
  for (let next = outbox.take(); next !== null; next = outbox.take()) all.push(next);
  return all;
}

const after = (remembered: RememberedNumbering<string>): Outbox<string> => new Outbox<string>(100, remembered);

test('no frame is sent before the welcome, and then no more than the window', () => {
  const outbox = filled('a', 'b', 'c');
  assert.equal(list(taken(outbox)), '');
  outbox.welcome(0, 2);
  assert.equal(list(taken(outbox)), '1=a 2=b');
  assert.equal(list(taken(outbox)), '');
  assert.equal(list(outbox.ack(1, 0)), '1=a');
  assert.equal(list(taken(outbox)), '3=c');
});

test('lastSeq drops the frames that it covers, and the others are sent again under their numbers', () => {
  const outbox = filled('a', 'b', 'c');
  outbox.welcome(0, 64);
  taken(outbox);
  outbox.unlinked();
  const { stored, renumbered } = outbox.welcome(2, 64);
  assert.deepEqual([list(stored), list(renumbered), list(taken(outbox))], ['1=a 2=b', '', '3=c']);
});

test('a lastSeq above every given number drops no frame, because buffered frames have no numbers yet', () => {
  const outbox = filled('a', 'b');
  outbox.welcome(0, 64);
  taken(outbox);
  outbox.ack(2, 0);
  outbox.unlinked();
  outbox.push('c');
  const { stored, renumbered } = outbox.welcome(3, 64);
  assert.deepEqual([list(stored), list(renumbered), list(taken(outbox))], ['', '4=c', '4=c']);
});

test('a nacked frame is removed, its number is not used again, and it no longer counts in the window', () => {
  const outbox = filled('a', 'b', 'c');
  outbox.welcome(0, 2);
  taken(outbox);
  assert.equal(outbox.nack(2)?.frame, 'b');
  assert.equal(outbox.nack(2), null);
  assert.equal(outbox.nack(0), null);
  assert.equal(list(taken(outbox)), '3=c');
  outbox.unlinked();
  outbox.welcome(0, 64);
  outbox.push('d');
  assert.equal(list(taken(outbox)), '1=a 3=c 4=d');
});

test('an ack concerns only frames that were sent on this link', () => {
  const outbox = filled('a', 'b');
  outbox.welcome(0, 1);
  taken(outbox);
  assert.equal(list(outbox.ack(99, 0)), '1=a');
  assert.equal(outbox.size, 1);
});

test('a smaller window delays new frames, and frames in flight stay in flight', () => {
  const outbox = filled('a', 'b', 'c', 'd', 'e');
  outbox.welcome(0, 3);
  taken(outbox);
  outbox.ack(1, 1);
  assert.equal(list(taken(outbox)), '');
  outbox.ack(3, 0);
  assert.equal(list(taken(outbox)), '4=d');
});

test('a full buffer refuses a new frame and keeps the others', () => {
  const outbox = new Outbox<string>(2);
  assert.deepEqual([outbox.push('a')?.seq, outbox.push('b')?.seq, outbox.push('c')], [1, 2, null]);
  outbox.welcome(0, 64);
  taken(outbox);
  outbox.ack(1, 0);
  assert.equal(outbox.push('d')?.seq, 3);
});

test('an outbox with remembered frames continues their numbering', () => {
  const frames = [
    { seq: 4, frame: 'd' },
    { seq: 6, frame: 'f' },
  ];
  const outbox = after({ frames, highestGiven: 5 });
  assert.equal(outbox.push('g')?.seq, 7);
  const { stored } = outbox.welcome(4, 64);
  assert.deepEqual([list(stored), list(taken(outbox))], ['4=d', '6=f 7=g']);
});

test('a lastSeq far below the next number starts the numbering again, because the gateway has forgotten the stream', () => {
  const outbox = after({ frames: [], highestGiven: 20_000_000 });
  outbox.push('a');
  const { stored, renumbered } = outbox.welcome(5, 64);
  assert.deepEqual([list(stored), list(renumbered), list(taken(outbox))], ['', '6=a', '6=a']);
  outbox.unlinked();
  assert.equal(list(outbox.welcome(6, 64).stored), '6=a');
  assert.equal(outbox.push('b')?.seq, 7);
});

/** The gateway stores a part of the frames that it gets, and on the last link all of them. */
test('with any links, losses and nacks each frame is stored once or nacked, in order', () => {
  const steps = fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ do: fc.constant('store' as const), count: fc.integer({ min: 0, max: 9 }), isAcked: fc.boolean() }),
    fc.record({ do: fc.constant('nack' as const), nth: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ do: fc.constant('cut' as const), window: fc.integer({ min: 1, max: 8 }) }),
  );
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (drawn) => {
      const outbox = new Outbox<number>(1_000);
      const stored: number[] = [];
      const nacked: number[] = [];
      let pushed = 0;
      let mark = 0;
      let arrived: Numbered<number>[] = [];
      const store = (count: number): void => {
        for (const { seq, frame } of arrived.splice(0, count)) {
          if (seq <= mark) continue;
          mark = seq;
          stored.push(frame);
        }
      };
      outbox.welcome(0, 4);
      for (const step of [...drawn, { do: 'cut' as const, window: 1_000 }]) {
        if (step.do === 'push') for (let i = 0; i < step.count; i++) outbox.push(pushed++);
        else if (step.do === 'store') {
          store(step.count);
          if (step.isAcked) outbox.ack(mark, 0);
        } else if (step.do === 'nack') {
          store(step.nth);
          const [refused] = arrived.splice(0, 1);
          if (refused !== undefined && outbox.nack(refused.seq) !== null) {
            nacked.push(refused.frame);
            mark = refused.seq;
          }
        } else {
          outbox.unlinked();
          arrived = [];
          outbox.welcome(mark, step.window);
        }
        arrived.push(...taken(outbox));
      }
      store(arrived.length);
      assert.deepEqual(
        [...stored, ...nacked].sort((a, b) => a - b),
        Array.from({ length: pushed }, (_, i) => i),
      );
      assert.deepEqual(
        stored,
        [...stored].sort((a, b) => a - b),
      );
    }),
    { numRuns: 300 },
  );
});

test('a device without memory drops no frame that it buffered before its first welcome', () => {
  for (const lastSeq of [2, 16]) {
    const outbox = filled('a', 'b', 'c');
    const { stored, renumbered } = outbox.welcome(lastSeq, 64);
    const expected = `${lastSeq + 1}=a ${lastSeq + 2}=b ${lastSeq + 3}=c`;
    assert.deepEqual([list(stored), list(renumbered), list(taken(outbox))], ['', expected, expected]);
  }
});

test('a lastSeq that another sender raised does not cover frames that were buffered without a link', () => {
  const outbox = filled('a', 'b');
  outbox.welcome(0, 64);
  taken(outbox);
  outbox.unlinked();
  for (const frame of 'cdef') outbox.push(frame);
  const { stored } = outbox.welcome(4, 64);
  assert.deepEqual([list(stored), list(taken(outbox))], ['', '5=a 6=b 7=c 8=d 9=e 10=f']);
});

test('a lastSeq equal to the last given number covers all frames', () => {
  const outbox = filled('a', 'b');
  outbox.welcome(0, 64);
  taken(outbox);
  outbox.unlinked();
  assert.deepEqual([list(outbox.welcome(2, 64).stored), list(taken(outbox))], ['1=a 2=b', '']);
});

test('an ack may widen the window', () => {
  const outbox = filled('a', 'b', 'c', 'd', 'e', 'f');
  outbox.welcome(0, 1);
  taken(outbox);
  outbox.ack(1, 3);
  assert.equal(list(taken(outbox)), '2=b 3=c 4=d');
});

test('frames that are pushed and taken while an effect is handled keep the order', () => {
  const outbox = filled('a', 'b', 'c');
  outbox.welcome(0, 8);
  taken(outbox);
  outbox.unlinked();
  const seen: string[] = [];
  for (const { frame } of outbox.welcome(3, 1).stored) {
    outbox.push(`after ${frame}`);
    seen.push(list(taken(outbox)));
  }
  assert.deepEqual(seen, ['4=after a', '', '']);
  assert.equal(list(outbox.ack(4, 8)), '4=after a');
  assert.deepEqual([list(taken(outbox)), outbox.inFlight], ['5=after b 6=after c', 2]);
});

test('a device that forgets its numbering keeps its frames, and no lastSeq covers them', () => {
  const outbox = filled('a', 'b', 'c');
  outbox.welcome(0, 64);
  taken(outbox);
  outbox.ack(1, 0);
  outbox.forget();
  assert.deepEqual([outbox.size, outbox.inFlight, list(taken(outbox))], [2, 0, '']);
  const { stored } = outbox.welcome(2, 64);
  assert.deepEqual([list(stored), list(taken(outbox))], ['', '3=b 4=c']);
});

test('after the highest number no frame is accepted', () => {
  const outbox = after({ frames: [], highestGiven: 4_294_967_294 });
  assert.deepEqual([outbox.push('a')?.seq, outbox.push('b'), outbox.size], [4_294_967_295, null, 1]);
});

test('a long run leaves no frame in the buffer', () => {
  const outbox = new Outbox<string>(5_000);
  outbox.welcome(0, 64);
  let stored = 0;
  for (let seq = 1; seq <= 10_000; seq++) {
    outbox.push('f');
    if (seq % 3 === 0) taken(outbox);
    if (seq % 60 === 0) stored += outbox.ack(seq, 0).length;
  }
  taken(outbox);
  const last = outbox.ack(10_000, 0);
  assert.deepEqual([stored + last.length, last.at(-1)?.seq, outbox.size, outbox.inFlight], [10_000, 10_000, 0, 0]);
});

/** The device and a gateway act in turns. Acks may be lost with their link, but the gateway's mark is never lost. */
test('with any link losses each frame is stored and acked once, in order, and within the window', () => {
  const step = fc.constantFrom('push', 'push', 'send', 'commit', 'ack', 'cut', 'reconnect', 'forget', 'reboot');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.nat(20), (steps, startMark) => {
      const window = 4;
      const acked: number[] = [];
      const lostInReboot = new Set<number>();
      const stored: number[] = [];
      let outbox = new Outbox<number>(1_000);
      let buffered: number[] = [];
      let linked = false;
      let pushed = 0;
      let mark = startMark;
      let onTheWay: Numbered<number>[] = [];
      const noteAcked = (frames: readonly Numbered<number>[]): void => {
        for (const { frame } of frames) acked.push(frame);
      };
      const act: Record<(typeof steps)[number], () => void> = {
        push() {
          buffered.push(pushed);
          outbox.push(pushed++);
        },
        send() {
          onTheWay.push(...taken(outbox));
          assert.ok(outbox.inFlight <= window);
          assert.ok(linked || onTheWay.length === 0, 'nothing is sent without a welcome');
        },
        commit() {
          const next = onTheWay.shift();
          if (next === undefined) return;
          assert.equal(next.seq, mark + 1, 'numbers ascend without gap or repeat');
          mark = next.seq;
          if (!stored.includes(next.frame)) stored.push(next.frame);
        },
        ack: () => linked && noteAcked(outbox.ack(mark, 0)),
        cut() {
          outbox.unlinked();
          linked = false;
          onTheWay = [];
        },
        reconnect() {
          act.cut();
          noteAcked(outbox.welcome(mark, window).stored);
          linked = true;
        },
        /** The numbering is lost and the frames are kept. Stored frames are sent again under other numbers. */
        forget() {
          act.cut();
          outbox.forget();
        },
        /** The numbering and the frames are lost. */
        reboot() {
          act.cut();
          for (const frame of buffered) if (!acked.includes(frame)) lostInReboot.add(frame);
          buffered = [];
          outbox = new Outbox<number>(1_000);
        },
      };
      for (const name of steps) act[name]();
      act.reconnect();
      while (outbox.size > 0) for (const name of ['send', 'commit', 'ack'] as const) act[name]();
      assert.deepEqual(
        acked,
        Array.from({ length: pushed }, (_, i) => i).filter((frame) => !lostInReboot.has(frame)),
      );
      assert.ok(
        acked.every((frame) => stored.includes(frame)),
        'a frame that the device reports as acked is stored',
      );
    }),
    { seed: 7, numRuns: 500 },
  );
});
