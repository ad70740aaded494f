import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../../gateway/gateway.fixture.js';
import { limits } from '../../schemas/tables/limits.js';
import { basicAuthorization, maskedFrame, opcodes, openWireClient, type WireClient } from '../rig/wireClient.js';

/**
 * The cases of the Autobahn test suite that concern a server without compression, over bare sockets. Autobahn judges by echoes; here the
 * gateway acknowledges a telemetry message that it received. If a connection must fail, a close frame with code 1002 or 1007, a close
 * frame without a code, or the end of the connection is right (RFC 6455 section 7.1.7).
 */
type Expected =
  /** The gateway acknowledges the telemetry message. */
  | 'acked'
  /** The gateway ends the connection, and acknowledges nothing. */
  | 'failed'
  /** The gateway answers the close with this code; null: without a code. */
  | { close: number | null }
  /** The gateway sends pongs with these payloads, in this order, and then acknowledges the telemetry message. */
  | { pongs: string[] };

interface Case {
  name: string;
  /** What the client sends, in order, with one write each. */
  bytes: Uint8Array[];
  expected: Expected;
  /** Each octet is written by itself. */
  chopped?: boolean;
}

const { continuation, text, binary, close, ping, pong } = opcodes;
const frame = (payload: string | Uint8Array, opcode: number, final = true): Buffer =>
  maskedFrame(Buffer.from(payload), opcode, final);

/** A telemetry message of at least `length` bytes. */
function telemetry(length = 0, value = '1'): string {
  const message = `{"seq":1,"values":{"a":${value}}}`;
  return message.padEnd(length, ' ');
}

const whole = (): Buffer => frame(telemetry(), text);
const binaryTelemetry = Buffer.from('010101010100000000748d00a20100000100000000000000000000000000ac41', 'hex');

function withFirst(bytes: Buffer, change: number): Buffer {
  bytes[0] |= change;
  return bytes;
}

function closeOf(code: number, reason: string | Uint8Array = ''): Buffer {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code);
  return frame(payload, close);
}

/** A frame without a mask, which a client must not send. */
function unmasked(payload: string, opcode: number): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, Buffer.byteLength(payload)]), Buffer.from(payload)]);
}

const fragments = (message: string | Buffer, size: number): Buffer[] => {
  const bytes = Buffer.from(message);
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) =>
    frame(bytes.subarray(i * size, (i + 1) * size), i === 0 ? text : continuation, i === count - 1),
  );
};

const framing: Case[] = [
  ...[0, 125, 126, 127, 128, 65_535, 65_536].map(
    (length): Case => ({
      name: `1.1 text of ${length || 'few'} bytes`,
      bytes: [frame(telemetry(length), text)],
      expected: 'acked',
    }),
  ),
  { name: '1.1.8 text octet by octet', bytes: [frame(telemetry(300), text)], expected: 'acked', chopped: true },
  { name: '1.2 binary', bytes: [frame(binaryTelemetry, binary)], expected: { pongs: [] } },
  {
    name: '5.1 RFC 6455 section 5.1: a frame without a mask',
    bytes: [unmasked(telemetry(), text)],
    expected: 'failed',
  },
  { name: 'two messages in one write', bytes: [Buffer.concat([frame('', pong), whole()])], expected: 'acked' },
];

const controls: Case[] = [
  { name: '2.1 ping without payload', bytes: [frame('', ping), whole()], expected: { pongs: [''] } },
  { name: '2.2 ping with payload', bytes: [frame('Hello', ping), whole()], expected: { pongs: ['Hello'] } },
  {
    name: '2.3 ping with payload that is no text',
    bytes: [frame(Buffer.from([0, 255, 254, 253]), ping), whole()],
    expected: { pongs: [Buffer.from([0, 255, 254, 253]).toString('latin1')] },
  },
  {
    name: '2.4 ping of 125 bytes',
    bytes: [frame('x'.repeat(125), ping), whole()],
    expected: { pongs: ['x'.repeat(125)] },
  },
  { name: '2.5 ping of 126 bytes', bytes: [frame('x'.repeat(126), ping), whole()], expected: 'failed' },
  {
    name: '2.6 ping of 125 bytes octet by octet',
    bytes: [frame('x'.repeat(125), ping), whole()],
    expected: { pongs: ['x'.repeat(125)] },
    chopped: true,
  },
  { name: '2.7 unasked pong', bytes: [frame('', pong), whole()], expected: 'acked' },
  { name: '2.8 unasked pong with payload', bytes: [frame('unasked', pong), whole()], expected: 'acked' },
  {
    name: '2.9 unasked pong, then ping',
    bytes: [frame('u', pong), frame('p', ping), whole()],
    expected: { pongs: ['p'] },
  },
  {
    name: '2.10 ten pings',
    bytes: [...Array.from({ length: 10 }, (_, n) => frame(`payload-${n}`, ping)), whole()],
    expected: { pongs: Array.from({ length: 10 }, (_, n) => `payload-${n}`) },
  },
  { name: '2.x pong of 126 bytes', bytes: [frame('x'.repeat(126), pong), whole()], expected: 'failed' },
];

const reserved: Case[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (bits): Case => ({
      name: `3.${bits} reserved bits ${bits.toString(2).padStart(3, '0')}`,
      bytes: [withFirst(whole(), bits << 4)],
      expected: 'failed',
    }),
  ),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode): Case => ({
      name: `4.x reserved opcode ${opcode}`,
      bytes: [frame('', opcode), whole()],
      expected: 'failed',
    }),
  ),
];

const fragmentation: Case[] = [
  { name: '5.1 ping in two fragments', bytes: [frame('a', ping, false), frame('b', continuation)], expected: 'failed' },
  { name: '5.2 pong in two fragments', bytes: [frame('a', pong, false), frame('b', continuation)], expected: 'failed' },
  { name: '5.3 text in two fragments', bytes: fragments(telemetry(), 10), expected: 'acked' },
  {
    name: '5.5 text in two fragments, octet by octet',
    bytes: fragments(telemetry(), 10),
    expected: 'acked',
    chopped: true,
  },
  {
    name: '5.6 text in two fragments, a ping between them',
    bytes: [...fragments(telemetry(), 16).slice(0, 1), frame('between', ping), ...fragments(telemetry(), 16).slice(1)],
    expected: { pongs: ['between'] },
  },
  {
    name: '5.9 continuation with nothing to continue, final',
    bytes: [frame(telemetry(), continuation), whole()],
    expected: 'failed',
  },
  {
    name: '5.12 continuation with nothing to continue',
    bytes: [frame('x', continuation, false), whole()],
    expected: 'failed',
  },
  {
    name: '5.15 continuation after the end',
    bytes: [...fragments('{}', 1), frame('x', continuation), whole()],
    expected: 'failed',
  },
  { name: '5.18 a message within a message', bytes: [frame('{', text, false), whole()], expected: 'failed' },
  {
    name: '5.19 text in five fragments, pings among them',
    bytes: fragments(telemetry(), 6).flatMap((one, n) => [frame(`p${n}`, ping), one]),
    expected: { pongs: fragments(telemetry(), 6).map((_, n) => `p${n}`) },
  },
  {
    name: '6.1 empty fragments',
    bytes: [frame('', text, false), frame(telemetry(), continuation, false), frame('', continuation)],
    expected: 'acked',
  },
  {
    name: '9.x 64 KiB in fragments of 64 bytes',
    bytes: [Buffer.concat(fragments(telemetry(65_536), 64))],
    expected: 'acked',
  },
  {
    name: '9.x more than the hard limit',
    bytes: [frame(Buffer.alloc(limits.hardFrameBytes + 1), binary)],
    expected: 'failed',
  },
];

const textWith = (hex: string): Buffer =>
  Buffer.concat([Buffer.from('{"seq":1,"values":{"a":"'), Buffer.from(hex, 'hex'), Buffer.from('"}}')]);

const utf8: Case[] = [
  ...[
    ['two bytes', 'c2b5'],
    ['Greek', 'cebae1bdb9cf83cebcceb5'],
    ['three bytes', 'e282ac'],
    ['four bytes', 'f09f9880'],
    ['the last code point', 'f48fbfbf'],
    ['no characters', 'efbfbf'],
    ['around the surrogates', 'ed9fbfee8080'],
  ].flatMap(([name, hex]): Case[] => [
    { name: `6.x ${name}`, bytes: [frame(textWith(hex), text)], expected: 'acked' },
    { name: `6.x ${name}, cut within a character`, bytes: fragments(textWith(hex), 25), expected: 'acked' },
  ]),
  ...[
    ['a lone continuation', '80'],
    ['many of them', '8080bfbf'],
    ['a first byte alone', 'c2'],
    ['three of four', 'f09f98'],
    ['overlong slash', 'c0af'],
    ['overlong of three', 'e080af'],
    ['overlong of four', 'f08080af'],
    ['a surrogate', 'eda080'],
    ['a pair of surrogates', 'eda0bdedb880'],
    ['above the last code point', 'f4908080'],
    ['five bytes', 'f888808080'],
    ['fe', 'fe'],
    ['ff', 'ff'],
  ].flatMap(([name, hex]): Case[] => [
    { name: `6.x ${name}`, bytes: [frame(textWith(hex), text)], expected: 'failed' },
    { name: `6.x ${name}, in fragments`, bytes: fragments(textWith(hex), 25), expected: 'failed' },
  ]),
];

const closing: Case[] = [
  { name: '7.1 telemetry, then close', bytes: [whole(), closeOf(1000)], expected: { close: 1000 } },
  { name: '7.1 two closes', bytes: [closeOf(1000), closeOf(1000)], expected: { close: 1000 } },
  { name: '7.1 ping after close', bytes: [closeOf(1000), frame('', ping)], expected: { close: 1000 } },
  { name: '7.1 telemetry after close', bytes: [closeOf(1000), whole()], expected: { close: 1000 } },
  { name: '7.3 close without payload', bytes: [frame('', close)], expected: { close: null } },
  { name: '7.3 close of one byte', bytes: [frame('x', close)], expected: 'failed' },
  { name: '7.3 close with a reason', bytes: [closeOf(1000, 'Hello')], expected: { close: 1000 } },
  { name: '7.3 close with a reason of 123 bytes', bytes: [closeOf(1000, 'x'.repeat(123))], expected: { close: 1000 } },
  { name: '7.3 close with a reason of 124 bytes', bytes: [closeOf(1000, 'x'.repeat(124))], expected: 'failed' },
  {
    name: '7.5 close with a reason that is no UTF-8',
    bytes: [closeOf(1000, Buffer.from('ceba80', 'hex'))],
    expected: 'failed',
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map(
    (code): Case => ({
      name: `7.7 close with the valid code ${code}`,
      bytes: [closeOf(code)],
      expected: { close: code },
    }),
  ),
  ...[0, 999, 1004, 1005, 1006].map(
    (code): Case => ({
      name: `7.9 close with the invalid code ${code}`,
      bytes: [closeOf(code)],
      expected: 'failed',
    }),
  ),
];

/** uWebSockets.js answers a close with these valid codes by a close without a code. The link ends nevertheless, and no device sends them. */
const deviations = { uws: ['7.7 close with the valid code 3000', '7.7 close with the valid code 3999'], ws: [] };

const cases = [...framing, ...controls, ...reserved, ...fragmentation, ...utf8, ...closing];

async function write(client: WireClient, { bytes, chopped = false }: Case): Promise<void> {
  for (const chunk of bytes) {
    if (!chopped) client.raw(chunk);
    else
      for (const octet of chunk) {
        client.raw(Uint8Array.of(octet));
        await new Promise((resolve) => setImmediate(resolve));
      }
  }
}

/** Plays a case, and returns its result in the form of `expected`, or as text if it has none. */
async function play(client: WireClient, played: Case): Promise<Expected | string> {
  const { expected } = played;
  await write(client, played);
  const pongs: string[] = [];
  for (let got = await client.next(); got !== null; got = await client.next()) {
    const { opcode, payload } = got;
    if (opcode === pong) pongs.push(payload.toString('latin1'));
    if (opcode === close) return closedBy(payload.length < 2 ? null : payload.readUInt16BE(0), expected);
    if (opcode !== text || !/"(ack|nack)"/.test(payload.toString())) continue;
    // A nack shows as well that the gateway received the message.
    if (typeof expected === 'object' && 'close' in expected) continue;
    if (expected === 'failed') return 'understood';
    return typeof expected === 'object' ? { pongs } : 'acked';
  }
  return 'failed';
}

function closedBy(code: number | null, expected: Expected): Expected | string {
  const mayFail = code === null || code === 1002 || code === 1007 || code === 1009;
  if (expected === 'failed') return mayFail ? 'failed' : `closed with ${code}`;
  return { close: code };
}

test('the gateway follows WebSocket as the Autobahn cases require', async (context) => {
  const { addDevice, gateway } = await startTestGateway(context, ['limits.badFrames=1000']);
  const headers = [basicAuthorization(await addDevice('a'))];
  const port = Number(new URL(gateway.deviceUrl).port);
  const wrong: string[] = [];
  for (const tried of cases) {
    const client = await openWireClient(port, headers, '/v1/device');
    await client.next();
    const result = await play(client, tried);
    client.end();
    const [got, wanted] = [JSON.stringify(result), JSON.stringify(tried.expected)];
    if (got === wanted) continue;
    wrong.push(tried.name);
    context.diagnostic(`${tried.name}: ${got} instead of ${wanted}`);
  }
  context.diagnostic(`${cases.length - wrong.length} of ${cases.length} cases passed`);
  assert.deepEqual(wrong, deviations[gateway.transport.transport.name]);
});
