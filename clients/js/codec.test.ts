import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeUp } from '../../schemas/frame/decode.js';
import { shortestFloat32 } from '../../schemas/frame/float32.js';
import { readJson } from '../../schemas/load.js';
import { closeCodes } from '../../schemas/tables/closeCodes.js';
import { faults } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import { encodeRow, encodeTimeRequest, encodeUpdate, readBytes } from './binaryMessages.js';
import { faultCodes, limits as limitsOfDevice } from './core/contract.js';
import { type CommandUpdate, faultCodeOf } from './core/messages.js';
import { reconnectDelayMs } from './core/reconnect.js';
import { readText } from './jsonMessages.js';
import { encodeReading } from './readings.js';

interface Vector {
  name: string;
  direction: 'up' | 'down';
  hex: string;
  frame: { type: string; rows: number[][]; [field: string]: unknown };
}
const { valid } = readJson('schemas/vectors/frames.json') as { valid: Vector[] };
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test("the limits, fault codes and close codes of the client are the gateway's", () => {
  for (const [name, value] of Object.entries(limitsOfDevice)) assert.equal(value, limits[name as keyof typeof limits]);
  assert.deepEqual([faultCodes.length, Object.keys(limitsOfDevice).length], [Object.keys(faults).length, 6]);
  for (const [code, { number }] of Object.entries(faults)) assert.equal(faultCodeOf(number), code);
  assert.equal(faultCodeOf(Object.keys(faults).length + 1), `fault_${Object.keys(faults).length + 1}`);
  for (const { code, comeBack } of Object.values(closeCodes)) {
    const ms = reconnectDelayMs({ kind: 'closed', code, reason: '' }, 0, () => 0.999);
    assert.equal(ms > 30_000, comeBack === 'slowly', String(code));
  }
});

test('every golden frame of the gateway is read, also with bytes after it, and no truncation of one is', () => {
  for (const { name, hex, frame, direction } of valid) {
    if (direction !== 'down') continue;
    const bytes = Buffer.from(hex, 'hex');
    const read = readBytes(bytes) as unknown as Record<string, unknown>;
    for (const [field, value] of Object.entries(read))
      if (field in frame) assert.deepEqual(value, frame[field], `${name} ${field}`);
    if (frame.type !== 'nack' && frame.type !== 'command')
      assert.deepEqual(readBytes(Buffer.concat([bytes, Buffer.from('0102', 'hex')])), read, name);
    for (let length = 0; length < Math.min(bytes.length, 8); length++)
      assert.equal(readBytes(bytes.subarray(0, length)), null, `${name}, ${length} bytes`);
  }
});

test('the client sends the golden frames of a device', () => {
  const byName = new Map(valid.map((vector) => [vector.name, vector]));
  const one = encodeRow({ seq: 1, base: 1_795_305_600_000, table: 0, metrics: [0], values: [21.5] });
  assert.equal(hexOf(one), byName.get('one f32 reading')?.hex);
  for (const name of ['command received', 'command succeeded with result', 'command failed with error']) {
    const { hex, frame } = byName.get(name) as Vector;
    assert.equal(hexOf(encodeUpdate(frame as unknown as CommandUpdate)), hex);
  }
  assert.equal(hexOf(encodeTimeRequest(7)), byName.get('time request')?.hex);
});

test('a reading is sent in the smallest value type that holds its values, and arrives unchanged', () => {
  const table = { table: 3, metrics: [{ name: 'a', scale: 0.01 }, { name: 'b' }] };
  const cases: [number, number, string][] = [
    [21.5, 7, 'i32'],
    [21.505, 7.5, 'f32'],
    [21.5049, 7, 'f32'],
    [21.50491, 7.000001, 'f64'],
    [1, 21.100000381469727, 'f64'],
    [20_000_000.25, 2 ** 31, 'f64'],
    [1, 0.5, 'f32'],
  ];
  for (const [a, b, kind] of cases) {
    const bytes = encodeReading({ values: { a, b }, time: { ts: 1_000 } }, 9, 'binary', table, 0) as Uint8Array;
    const decoded = decodeUp(bytes);
    assert.ok(decoded.ok && decoded.frame.type === 'telemetry');
    const { rows, table: number, base, seq, kind: got } = decoded.frame;
    assert.deepEqual([got, number, base, seq], [kind, 3, 1_000, 9]);
    // The gateway takes an f32 for the shortest decimal that is the same f32 (B-13).
    const [got1, got2] = rows[0].slice(1).map((value) => (kind === 'f32' ? shortestFloat32(value as number) : value));
    assert.ok(Math.abs((got1 as number) * 0.01 - a) < 1e-9 * Math.abs(a) && got2 === b, `${a} ${b}`);
  }
});

test('values that a binary frame cannot hold are sent as text, and times are sent in the gateway’s time', () => {
  const table = { metrics: [{ name: 'a' }] };
  for (const values of [{ a: 'open' }, { a: true }, { a: 1, other: 2 }, {}] as Record<string, number>[])
    assert.equal(typeof encodeReading({ values, time: { ts: 1 } }, 1, 'binary', table, 0), 'string');
  const timed = { values: { a: 1 }, time: { measuredAt: 4_000.4 } };
  assert.equal(JSON.parse(encodeReading(timed, 1, 'json', null, 1_795_305_600_000) as string).ts, 1_795_305_604_000);
});

test('a text that is not a message of the gateway is ignored', () => {
  for (const text of [
    '',
    'null',
    '[]',
    '"ack"',
    '{"type":"weather"}',
    '{"type":"constructor"}',
    '{"type":"ack"}',
    '{"type":"ack","seq":-1}',
    '{"type":"ack","seq":"1"}',
    '{"type":"welcome","lastSeq":1.5,"window":64,"serverTime":1}',
    '{"type":"command","id":"x","name":"y","params":[]}',
  ])
    assert.equal(readText(text), null, text);
  assert.deepEqual(readText('{"type":"ack","seq":3,"later":{}}'), { type: 'ack', seq: 3, window: 0 });
});
