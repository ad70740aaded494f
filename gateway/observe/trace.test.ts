import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrace, type TracedEntry, type TracedFrame, type TracedLink } from './trace.js';

function start(bridged = true) {
  const told: TracedFrame[] = [];
  let [ms, readings] = [100, 0];
  const trace = createTrace({
    now: () => 5_000,
    monotonic: () => ms,
    batchReadings: () => readings,
    bridged,
    tell: (frame) => told.push(frame),
  });
  const entry: TracedEntry = { nacks: [] };
  const link: TracedLink = {
    ...{ source: { device: { id: 'd' } }, stream: { name: 'main', pending: 0 }, previousSeq: 0, underWay: 0 },
    state: 'open',
    closing: null,
    entry: null,
  };
  /** Changes the link as ingest does for a frame that is stored. */
  const store = (seq: number): void => {
    ms += 1;
    readings += 2;
    Object.assign(link, { entry, previousSeq: seq, underWay: link.underWay + 1 });
    link.stream.pending = seq;
  };
  return { trace, told, entry, link, store, wait: (more: number) => void (ms += more) };
}

const message = new Uint8Array([1, 2, 3]);

test('a frame is traced to its commit and its ack, and reported again when it was bridged', () => {
  const { trace, told, entry, link, store, wait } = start();
  trace.watch(new Set(['d']));
  trace.follow(link, message, 'json', () => store(7));
  wait(9);
  trace.committed([entry], 40);
  wait(1);
  trace.acked();
  assert.deepEqual(told, [
    {
      id: 1,
      device: 'd',
      stream: 'main',
      receivedAt: 5_000,
      encoding: 'json',
      length: 3,
      bytes: message,
      seq: 7,
      outcome: 'stored',
      readings: 2,
      fault: null,
      decodedMs: 1,
      committedMs: 10,
      ackedMs: 11,
      bridgedMs: null,
    },
  ]);
  trace.bridged(39);
  assert.equal(told.length, 1);
  wait(5);
  trace.bridged(40);
  assert.deepEqual([told.length, told[1].id, told[1].bridgedMs], [2, 1, 16]);
  trace.bridged(41);
  assert.equal(told.length, 2);
});

test('a frame of a failed commit is reported as lost, and frames of other commits still wait', () => {
  const { trace, told, entry, link, store } = start();
  trace.watch(new Set(['d']));
  trace.follow(link, message, 'binary', () => store(1));
  trace.failed([{ nacks: [] }]);
  assert.equal(told.length, 0);
  trace.failed([entry]);
  assert.deepEqual([told[0].outcome, told[0].committedMs], ['lost', null]);
});

test('the number of pending traces is limited, and all are forgotten when nobody watches', () => {
  const { trace, told, entry, link, store } = start();
  trace.watch(new Set(['d']));
  let taken = 0;
  for (let seq = 1; seq <= 2_500; seq++)
    trace.follow(link, message, 'json', () => {
      taken++;
      store(seq);
    });
  assert.equal(taken, 2_500);
  trace.committed([entry], 1);
  trace.acked();
  assert.equal(told.length, 2_000);
  trace.watch(new Set());
  assert.equal(trace.on, false);
  trace.bridged(1);
  assert.equal(told.length, 2_000);
});
