import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from '../load.js';
import { type ExplainedField, explainFrame } from './explain.js';

const receivedAt = 1_795_305_600_000;
const explain = (hex: string, names?: ReadonlyMap<number, string>): ExplainedField[] =>
  explainFrame(new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex')), { receivedAt, names });
const wrongIn = (fields: ExplainedField[]): string[] =>
  fields.filter(({ wrong }) => wrong !== null).map(({ name, wrong }) => `${name}: ${wrong}`);

const good = '01010101 01000000 00748d00a2010000 0100 0000 0000 0000 00000000 0000ac41';

test('the example frame is explained field by field, with its metric by name', () => {
  const fields = explain(good, new Map([[0, 'temperature']]));
  assert.deepEqual(
    fields.map(({ name, value }) => [name, value]),
    [
      ['version', '1'],
      ['type', '0x01 telemetry'],
      ['columns', '1'],
      ['value type', '1 f32'],
      ['seq', '1'],
      ['base', '2026-11-22T00:00:00.000Z'],
      ['rows', '1'],
      ['metric table', '0'],
      ['column 0', '0 temperature'],
      ['row 0: offset', '0 ms → 2026-11-22T00:00:00.000Z'],
      ['row 0: temperature', '21.5'],
    ],
  );
  assert.deepEqual(wrongIn(fields), []);
});

test('a fault in the bytes is marked at its field', () => {
  const cases: [string, string[]][] = [
    [good.replace('0000ac41', '0000807f'), ['row 0: metric 0: values are finite']],
    [good.replace(/^01/, '02'), ['version: this gateway knows 1']],
    [good.replace('01010101', '01010109'), ['value type: 1 f32, 2 f64 or 3 i32']],
    [good.replace('01010101', '01010001'), ['columns: a frame has at least one']],
    [good.replace('0100 0000 0000 0000', '0100 0000 0000 0700'), ['reserved: reserved bytes are zero']],
    [`${good}ff`, ['left over: no field has these bytes']],
    [good.slice(0, -2), ['missing: the message ends before it']],
    ['01', ['missing: the message ends before it']],
    ['0177', ['type: not a type that a device may send']],
  ];
  for (const [hex, wrong] of cases) assert.deepEqual(wrongIn(explain(hex)), wrong, hex);
  assert.deepEqual(wrongIn(explain(good, new Map([[4, 'x']]))), ['column 0: its model has no such metric']);
});

test('every valid vector is explained without a fault, and no prefix of one throws', () => {
  const { valid } = readJson('schemas/vectors/frames.json') as { valid: { hex: string; direction: string }[] };
  const fromDevices = valid.filter(({ direction, hex }) => direction === 'up' && hex.length < 2_000);
  assert.ok(fromDevices.length > 5);
  for (const { hex } of fromDevices) {
    assert.deepEqual(wrongIn(explain(hex)), [], hex);
    for (let end = 0; end <= hex.length; end += 2) explain(hex.slice(0, end));
  }
});

test('any bytes are explained by fields within them, in order', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, asTelemetry) => {
      if (asTelemetry && bytes.length > 1) [bytes[0], bytes[1]] = [1, 1];
      let end = 0;
      for (const { at, length, name } of explainFrame(bytes, { receivedAt })) {
        assert.ok(at + length <= bytes.length, name);
        assert.ok(at >= end || name === 'reserved', name);
        end = at;
      }
    }),
  );
});
