import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '../domain/device.js';
import { createSource, createStream } from '../ingest/source.js';
import type { Sent } from '../transport/transport.js';
import { answers } from './answers.js';
import { Link } from './link.js';

/** A link on a socket whose `send` returns `sends`. */
function linkOn(socket: { sends: Sent; queued?: number }) {
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
    queuedBytes: () => socket.queued ?? 0,
    end: (code: number, reason: string) => void closes.push([code, reason]),
    ping: () => {},
    together: (work) => work(),
  });
  return {
    link,
    closes,
    pass(ms: number): void {
      now += ms;
    },
  };
}

test('a device with too many unsent bytes is closed as a slow reader', () => {
  const waiting = linkOn({ sends: 'queued', queued: 1_000 });
  assert.equal(waiting.link.send('x'), true);
  assert.deepEqual(waiting.closes, []);
  const full = linkOn({ sends: 'queued', queued: 1_001 });
  full.link.send('x');
  assert.deepEqual(full.closes, [[4002, 'slow_reader']]);
  const dropped = linkOn({ sends: 'dropped' });
  assert.equal(dropped.link.send('x'), false);
  assert.deepEqual(dropped.closes, [[4002, 'slow_reader']]);
});

test('beside telemetry a device may send 100 messages at once and ten per second', () => {
  const { link, closes, pass } = linkOn({ sends: 'sent' });
  for (let n = 0; n < 100; n++) link.countExtra();
  pass(1_000);
  for (let n = 0; n < 10; n++) link.countExtra();
  assert.deepEqual(closes, []);
  assert.equal(link.state, 'open');
  link.countExtra();
  assert.deepEqual(closes, [[4004, 'rate_limited']]);
});
