import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createOutbox, type Numbered } from './outbox.js';

const list = (frames: readonly Numbered<string>[]): string =>
  frames.map(({ seq, frame }) => `${seq}=${frame}`).join(' ');

function filled(...frames: string[]) {
  const outbox = createOutbox<string>({ framesMax: 100 });
  for (const frame of frames) outbox.push(frame);
  return outbox;
}

test('nothing goes before the welcome, and then no more than the window', () => {
  const outbox = filled('a', 'b', 'c');
  assert.equal(list(outbox.take()), '');
  outbox.welcome(0, 2);
  assert.equal(list(outbox.take()), '1=a 2=b');
  assert.equal(list(outbox.take()), '');
  assert.equal(list(outbox.ack(1, 0)), '1=a');
  assert.equal(list(outbox.take()), '3=c');
});

test('lastSeq drops what it covers; the rest goes again under its numbers', () => {
  const outbox = filled('a', 'b', 'c');
  outbox.welcome(0, 64);
  outbox.take();
  outbox.unlinked();
  const { stored, renumbered } = outbox.welcome(2, 64);
  assert.deepEqual([list(stored), list(renumbered), list(outbox.take())], ['1=a 2=b', '', '3=c']);
});

test('a lastSeq above all that was given drops nothing: buffered frames have no numbers yet', () => {
  const outbox = filled('a', 'b');
  outbox.welcome(0, 64);
  outbox.take();
  outbox.ack(2, 0);
  outbox.unlinked();
  outbox.push('c');
  const { stored, renumbered } = outbox.welcome(3, 64);
  assert.deepEqual([list(stored), list(renumbered), list(outbox.take())], ['', '4=c', '4=c']);
});

test('a nacked frame is gone, its number is not given again, and its place is free', () => {
  const outbox = filled('a', 'b', 'c');
  outbox.welcome(0, 2);
  outbox.take();
  assert.equal(outbox.nack(2)?.frame, 'b');
  assert.equal(outbox.nack(2), null);
  assert.equal(outbox.nack(0), null);
  assert.equal(list(outbox.take()), '3=c');
  outbox.unlinked();
  outbox.welcome(0, 64);
  outbox.push('d');
  assert.equal(list(outbox.take()), '1=a 3=c 4=d');
});

test('an ack speaks only of what was sent on this link', () => {
  const outbox = filled('a', 'b');
  outbox.welcome(0, 1);
  outbox.take();
  assert.equal(list(outbox.ack(99, 0)), '1=a');
  assert.equal(outbox.size(), 1);
});

test('a smaller window holds back, and what is in flight stays', () => {
  const outbox = filled('a', 'b', 'c', 'd', 'e');
  outbox.welcome(0, 3);
  outbox.take();
  outbox.ack(1, 1);
  assert.equal(list(outbox.take()), '');
  outbox.ack(3, 0);
  assert.equal(list(outbox.take()), '4=d');
});

test('a full buffer says so and keeps what it has', () => {
  const outbox = createOutbox<string>({ framesMax: 2 });
  assert.deepEqual([outbox.push('a')?.seq, outbox.push('b')?.seq, outbox.push('c')], [1, 2, null]);
  outbox.welcome(0, 64);
  outbox.take();
  outbox.ack(1, 0);
  assert.equal(outbox.push('d')?.seq, 3);
});

test('what was kept over a restart goes on as if nothing had been', () => {
  const frames = [
    { seq: 4, frame: 'd' },
    { seq: 6, frame: 'f' },
  ];
  const outbox = createOutbox<string>({ framesMax: 100, kept: { frames, highestGiven: 5 } });
  assert.equal(outbox.push('g')?.seq, 7);
  const { stored } = outbox.welcome(4, 64);
  assert.deepEqual([list(stored), list(outbox.take())], ['4=d', '6=f 7=g']);
});

test('a lastSeq far below what it would give next begins anew: the gateway has forgotten the stream', () => {
  const outbox = createOutbox<string>({ framesMax: 100, kept: { frames: [], highestGiven: 20_000_000 } });
  outbox.push('a');
  const { stored, renumbered } = outbox.welcome(5, 64);
  assert.deepEqual([list(stored), list(renumbered), list(outbox.take())], ['', '6=a', '6=a']);
  outbox.unlinked();
  assert.equal(list(outbox.welcome(6, 64).stored), '6=a');
  assert.equal(outbox.push('b')?.seq, 7);
});

/** One gateway that stores what it likes of what it gets; the last link lets all through. */
test('over any links, losses and nacks, each frame is stored once or nacked, in order', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ do: fc.constant('store' as const), count: fc.integer({ min: 0, max: 9 }), told: fc.boolean() }),
    fc.record({ do: fc.constant('nack' as const), nth: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ do: fc.constant('cut' as const), window: fc.integer({ min: 1, max: 8 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const outbox = createOutbox<number>({ framesMax: 1_000 });
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
      for (const one of [...steps, { do: 'cut' as const, window: 1_000 }]) {
        if (one.do === 'push') for (let i = 0; i < one.count; i++) outbox.push(pushed++);
        else if (one.do === 'store') {
          store(one.count);
          if (one.told) outbox.ack(mark, 0);
        } else if (one.do === 'nack') {
          store(one.nth);
          const [refused] = arrived.splice(0, 1);
          if (refused !== undefined && outbox.nack(refused.seq) !== null) {
            nacked.push(refused.frame);
            mark = refused.seq;
          }
        } else {
          outbox.unlinked();
          arrived = [];
          outbox.welcome(mark, one.window);
        }
        arrived.push(...outbox.take());
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
