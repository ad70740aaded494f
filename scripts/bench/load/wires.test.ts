import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpWire } from './httpWire.js';
import { connectPacket, packetAt, pubackPacket, publishPacket, subscribePacket } from './mqttPackets.js';
import { mqttWire } from './mqttWire.js';
import { natsWire, readNats } from './natsWire.js';
import { webSocketWire } from './webSocketWire.js';
import type { GeneratorData, Wire } from './wire.js';

const data = {
  port: 1,
  path: '/',
  headers: [['X: y']],
  opening: null,
  frame: 'binary',
  readings: 2,
  window: 4,
  answers: 'cumulative',
  framesPerSecond: 0,
  warmupMs: 0,
  runMs: 0,
  firstAt: 0,
  protocol: 'websocket',
} as GeneratorData;

/** Checks what a wire reports about bytes that arrive in two pieces, for every place of the cut. */
function checkCuts(create: () => Wire, bytes: Buffer, expected: string[]): void {
  for (let cut = 0; cut <= bytes.length; cut++) {
    const wire = create();
    const reported: string[] = [];
    const answers = {
      opened: () => reported.push('opened'),
      ackedThrough: (seq: number) => reported.push(`through ${seq}`),
      reply: () => {},
      ackedOne: () => reported.push('one'),
    };
    const read = wire.read(bytes.subarray(0, cut), answers);
    const rest = bytes.subarray(read);
    assert.equal(wire.read(rest, answers), rest.length, `everything is read after a cut at ${cut}`);
    assert.deepEqual(reported, expected, `cut at ${cut}`);
  }
}

test('WebSocket answers are read wherever they are cut', () => {
  const ack = Buffer.from('8208018200000500000082080182000009000000', 'hex');
  const text = Buffer.from('{"type":"ack","seq":11}');
  const bytes = [Buffer.from('HTTP/1.1 101 X\r\n\r\n'), ack, Buffer.of(0x81, text.length), text];
  checkCuts(() => webSocketWire(data, 0), Buffer.concat(bytes), ['opened', 'through 5', 'through 9', 'through 11']);
  const refuse = (bytes: Buffer): void => void webSocketWire(data, 0).read(bytes, {} as never);
  assert.throws(() => refuse(Buffer.from('HTTP/1.1 401 No\r\n\r\n')), /401/);
});

test('HTTP answers are read wherever they are cut, and a refusal does not count as an ack', () => {
  const answer = 'HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n';
  checkCuts(() => httpWire(data, 0), Buffer.from(answer + answer + answer), ['opened', 'one', 'one']);
  assert.throws(() => httpWire(data, 0).read(Buffer.from('HTTP/1.1 503 No\r\n\r\n'), {} as never), /503/);
});

test('MQTT answers are read wherever they are cut', () => {
  const bytes = Buffer.concat([Buffer.of(0x20, 2, 0, 0), pubackPacket(1), pubackPacket(65_535)]);
  checkCuts(() => mqttWire(data, 0), bytes, ['opened', 'one', 'one']);
  assert.throws(() => mqttWire(data, 0).read(Buffer.of(0x20, 2, 0, 5), {} as never), /CONNACK 5/);
});

test('MQTT packets have the bytes of the standard', () => {
  assert.equal(connectPacket('ab', true).toString('hex'), '100e00044d515454040200 3c00026162'.replace(' ', ''));
  assert.equal(subscribePacket('d/#').toString('hex'), '820800010003642f2301');
  const long = publishPacket('t', Buffer.alloc(200));
  assert.deepEqual([...long.packet.subarray(0, 7)], [0x32, 0xcd, 1, 0, 1, 0x74, 0]);
  assert.deepEqual(packetAt(long.packet, 0), { type: 3, flags: 2, from: 3, to: long.packet.length });
  for (let cut = 0; cut < long.packet.length; cut++) assert.equal(packetAt(long.packet.subarray(0, cut), 0), null);
});

test('NATS answers are read wherever they are cut, and an error does not count as an ack', () => {
  const ack = '{"stream":"BENCH","seq":1}';
  const bytes = Buffer.from(`INFO {}\r\nPONG\r\nMSG _INBOX.0 1 ${ack.length}\r\n${ack}\r\n+OK\r\n`);
  checkCuts(() => natsWire(data, 0), bytes, ['opened', 'one']);
  const refusal = '{"error":{"code":503}}';
  const refuse = (text: string): void => void natsWire(data, 0).read(Buffer.from(text), {} as never);
  assert.throws(() => refuse(`MSG _INBOX.0 1 ${refusal.length}\r\n${refusal}\r\n`), /503/);
  assert.throws(() => refuse("-ERR 'no'\r\n"), /-ERR/);
  const seen: unknown[] = [];
  readNats(Buffer.from('MSG d.x 2 $JS.ACK.1 3\r\nabc\r\n'), { pong() {}, message: (...all) => seen.push(all) });
  assert.deepEqual(seen, [['d.x', '$JS.ACK.1', 23, 26]]);
});

test('every wire carries the same payload, with seq and time in it', () => {
  const base = 1_795_305_600_000;
  for (const create of [webSocketWire, httpWire, mqttWire, natsWire]) {
    const message = create(data, 0).encode(7, base);
    const at = message.indexOf(Buffer.from('01010101', 'hex'));
    assert.ok(at > 0, create.name);
    assert.deepEqual([message.readUInt32LE(at + 4), Number(message.readBigInt64LE(at + 8))], [7, base], create.name);
  }
});
