import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FeedEntry } from './feed.js';
import { Outbox } from './outbox.js';

const now = 1_795_305_600_000;

/** An outbox over rows with the given numbers of messages, and a broker that answers when the test calls `done`. */
function boxOver(rows: number[]) {
  const entries: FeedEntry[] = rows.flatMap((count, row) => [
    ...Array.from({ length: count }, (_, i): FeedEntry => {
      const message = { topic: `t/${i % 3}`, body: `{"id":"${row + 1}-${i}"`, newestAt: now, retain: false };
      return { message, endOf: 0 };
    }),
    { message: null, endOf: row + 1 },
  ]);
  const sent: { id: string; done: (error: Error | null) => void }[] = [];
  const arrived: string[] = [];
  const moved: number[] = [];
  const refusals: string[] = [];
  let at = 0;
  const outbox = new Outbox({
    publish(_message, payload, done) {
      const { id } = JSON.parse(payload) as { id: string };
      arrived.push(id);
      sent.push({ id, done });
    },
    next: () => (at < entries.length ? entries[at++] : null),
    moved: (position) => moved.push(position),
    refused: ({ message }) => refusals.push(message),
    soon: (run) => run(),
    now: () => now,
  });
  const ids = entries.flatMap(({ message }) =>
    message === null ? [] : [(JSON.parse(`${message.body}}`) as { id: string }).id],
  );
  return { outbox, sent, arrived, moved, refusals, ids };
}

test('no more messages than the window are in flight, and the position moves only over acknowledged messages at the head', () => {
  const { outbox, sent, moved } = boxOver([2, 0, 3]);
  outbox.connected(3);
  assert.deepEqual(
    sent.map(({ id }) => id),
    ['1-0', '1-1', '3-0'],
  );
  sent[1].done(null);
  sent[2].done(null);
  assert.deepEqual(moved, []);
  sent[0].done(null);
  assert.equal(moved.at(-1), 2, 'a row without messages is passed together with the row before it');
  assert.deepEqual(
    sent.slice(3).map(({ id }) => id),
    ['3-1', '3-2'],
  );
  sent[3].done(null);
  sent[4].done(null);
  assert.equal(moved.at(-1), 3);
  assert.equal(outbox.inFlight(), 0);
});

test('rows without messages move the position without an answer of the broker', () => {
  const { outbox, moved } = boxOver([0, 0]);
  outbox.connected(10);
  assert.equal(moved.at(-1), 2);
  assert.equal(outbox.isCaughtUp(), true);
});

test('after a lost connection all messages from the first unacknowledged one on are sent again', () => {
  const { outbox, sent, arrived, moved } = boxOver([4]);
  outbox.connected(4);
  sent[0].done(null);
  sent[2].done(null);
  outbox.disconnected();
  sent[1].done(null);
  sent[3].done(new Error('connection closed'));
  assert.deepEqual(moved, []);
  outbox.connected(4);
  assert.deepEqual(arrived.slice(4), ['1-1', '1-2', '1-3']);
  for (const { done } of sent.slice(4)) done(null);
  assert.deepEqual(moved, [1]);
  assert.equal(outbox.counts.resent, 3);
});

test('a message that the broker refuses is sent again later, and no message overtakes it', () => {
  const { outbox, sent, arrived, moved, refusals } = boxOver([3]);
  outbox.connected(2);
  sent[0].done(new Error('not authorized'));
  assert.deepEqual(refusals, ['not authorized']);
  sent[1].done(null);
  assert.equal(arrived.length, 2);
  outbox.resume();
  assert.deepEqual(arrived.slice(2), ['1-0', '1-1']);
  sent[2].done(null);
  sent[3].done(null);
  sent[4].done(null);
  assert.deepEqual(moved, [1]);
});

test('a dropped message is not sent again, and late answers to it change nothing', () => {
  const { outbox, sent, arrived, moved } = boxOver([2, 1]);
  outbox.connected(2);
  outbox.clear();
  for (const { done } of [...sent]) done(null);
  assert.deepEqual(moved, [1]);
  assert.equal(arrived.at(-1), '2-0');
  sent[2].done(null);
  assert.deepEqual(moved, [1, 2]);
});

test('with any lost connections and refusals every message arrives, and first arrivals are in the order of the log', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('answer' as const), at: fc.nat(30) }) },
    fc.record({ type: fc.constant('refuse' as const), at: fc.nat(30) }),
    fc.record({ type: fc.constant('cut' as const), at: fc.nat(30) }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.nat(4), { maxLength: 8 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(step),
      (rows, window, steps) => {
        const { outbox, sent, arrived, moved, refusals, ids } = boxOver(rows);
        let open = new Set<(typeof sent)[number]>();
        let seen = 0;
        const take = (): void => {
          for (; seen < sent.length; seen++) open.add(sent[seen]);
        };
        const answer = (at: number, error: Error | null): void => {
          const one = [...open][at % Math.max(1, open.size)];
          if (one === undefined) return;
          open.delete(one);
          one.done(error);
          take();
        };
        const reconnect = (): void => {
          outbox.disconnected();
          open = new Set();
          outbox.connected(window);
          take();
        };
        reconnect();
        for (const { type, at } of steps) {
          if (type === 'cut') reconnect();
          else answer(at, type === 'refuse' ? new Error('no') : null);
          if (refusals.splice(0).length > 0) outbox.resume();
          take();
          assert.ok(outbox.inFlight() <= window);
        }
        while (open.size > 0) answer(0, null);
        const firsts = arrived.filter((id, i) => arrived.indexOf(id) === i);
        assert.deepEqual(firsts, ids);
        assert.equal(moved.at(-1) ?? 0, rows.length);
        assert.deepEqual(
          moved,
          [...moved].sort((a, b) => a - b),
        );
      },
    ),
  );
});
