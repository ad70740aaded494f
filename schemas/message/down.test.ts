import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDownMessage } from './down.js';

const messages = [
  {
    type: 'welcome',
    device: 'boiler-7',
    stream: 'main',
    lastSeq: 16,
    window: 64,
    serverTime: 1795305600000,
    maxFrameBytes: 65536,
    keepaliveSeconds: 25,
  },
  { type: 'ack', seq: 17 },
  { type: 'ack', seq: 17, window: 8 },
  { type: 'nack', seq: 18, code: 'value_invalid', path: '/values/temperature', message: 'not finite' },
  {
    type: 'command',
    id: '01936c3e-7a10-7b21-8c32-9d43ae54bf65',
    name: 'set_interval',
    params: { seconds: 5 },
    expiresAt: 1795305660000,
    ttlMs: 60000,
    known: 255,
  },
  { type: 'time', echo: 7, serverTime: 1795305600000 },
];

for (const message of messages) {
  test(`a device reads ${message.type}, also with a new field in it`, () => {
    const later = { ...message, mood: 'good' };
    assert.deepEqual(parseDownMessage(JSON.stringify(later)), later);
  });

  test(`a device ignores ${message.type} without one of its fields`, () => {
    for (const field of Object.keys(message).filter((name) => name !== 'window' && name !== 'path')) {
      assert.equal(parseDownMessage(JSON.stringify({ ...message, [field]: undefined })), undefined, field);
    }
  });
}

test('a nack of a later version keeps its code', () => {
  const nack = { type: 'nack', seq: 18, code: 'too_salty', message: 'x' };
  assert.deepEqual(parseDownMessage(JSON.stringify(nack)), nack);
});

test('a device ignores unknown types, names of Object members, and texts that are not an object', () => {
  for (const text of [
    '{"type":"party"}',
    '{"type":"constructor"}',
    '{}',
    '[]',
    'null',
    '1',
    '',
    '{"type":"ack","seq":',
  ]) {
    assert.equal(parseDownMessage(text), undefined, text);
  }
});

test('any text is read or ignored, and never throws', () => {
  const type = fc.constantFrom('welcome', 'ack', 'nack', 'command', 'time', 'telemetry');
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.tuple(type, fc.dictionary(fc.string(), fc.jsonValue())).map(([t, rest]) => JSON.stringify({ ...rest, type: t })),
  );
  fc.assert(
    fc.property(text, (line) => {
      parseDownMessage(line);
    }),
    { seed: 20_261_124, numRuns: 2_000 },
  );
});
