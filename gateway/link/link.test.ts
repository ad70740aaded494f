import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '../domain/device.js';
import { createSource, createStream } from '../ingest/source.js';
import type { WebSocket } from '../net/uws.js';
import { answers } from './answers.js';
import { Link } from './link.js';

/** A link on a socket whose `send` returns `sends`: 1 sent, 0 buffered, 2 dropped (uWebSockets.js). */
function linkOn(socket: { sends: 0 | 1 | 2; buffered?: number }) {
  let now = 1_000_000;
  const closes: [number, string][] = [];
  const facts = {
    source: createSource({ id: 'd' } as Device),
    stream: createStream('main', true),
    toldSeq: 0,
    credential: { cid: 'c' } as never,
    encoding: 'json' as const,
    subprotocol: null,
    address: '127.0.0.1',
    openedAt: now,
  };
  const link = new Link(facts, { backlogBytesMax: 1_000, badFramesMax: 3 }, answers, () => now);
  link.opened({
    send: () => socket.sends,
    getBufferedAmount: () => socket.buffered ?? 0,
    end: (code: number, reason: string) => void closes.push([code, reason]),
  } as unknown as WebSocket<unknown>);
  return {
    link,
    closes,
    pass(ms: number): void {
      now += ms;
    },
  };
}

test('a device with too many unsent bytes is closed as a slow reader', () => {
  const waiting = linkOn({ sends: 0, buffered: 1_000 });
  assert.equal(waiting.link.send('x'), true);
  assert.deepEqual(waiting.closes, []);
  const full = linkOn({ sends: 0, buffered: 1_001 });
  full.link.send('x');
  assert.deepEqual(full.closes, [[4002, 'slow_reader']]);
  const dropped = linkOn({ sends: 2 });
  assert.equal(dropped.link.send('x'), false);
  assert.deepEqual(dropped.closes, [[4002, 'slow_reader']]);
});

test('beside telemetry a device may send 100 messages at once and ten per second', () => {
  const { link, closes, pass } = linkOn({ sends: 1 });
  for (let n = 0; n < 100; n++) link.countExtra();
  pass(1_000);
  for (let n = 0; n < 10; n++) link.countExtra();
  assert.deepEqual(closes, []);
  assert.equal(link.state, 'open');
  link.countExtra();
  assert.deepEqual(closes, [[4004, 'rate_limited']]);
});
