import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from '../load.js';
import { faults } from '../tables/faults.js';
import { limits } from '../tables/limits.js';
import { parseUpMessage } from './up.js';

interface Vectors {
  valid: { name: string; text: string; message: unknown }[];
  invalid: { name: string; text: string; fault: string; path: string | null; seq: number }[];
}
const vectors = readJson('schemas/vectors/messages.json') as Vectors;

for (const { name, text, message } of vectors.valid) {
  test(`golden message: ${name}`, () => assert.deepEqual(parseUpMessage(text), { ok: true, message }));
}

for (const { name, text, fault, path, seq } of vectors.invalid) {
  test(`golden refusal: ${name}`, () => {
    const parsed = parseUpMessage(text);
    assert.ok(!parsed.ok);
    assert.deepEqual([parsed.fault.code, parsed.fault.path ?? null, parsed.seq], [fault, path, seq]);
    assert.ok(parsed.fault.message.length > 0);
  });
}

test('nesting of any depth is refused without a stack overflow', () => {
  const deep = `{"seq":9,"values":{"a":${'['.repeat(8_000)}${']'.repeat(8_000)}}}`;
  const parsed = parseUpMessage(deep);
  assert.ok(!parsed.ok);
  assert.equal(parsed.fault.code, 'value_invalid');
});

test('half a surrogate pair, which UTF-8 cannot express, is refused in every string of a value', () => {
  for (const value of ['\\ud83d', 'a\\ude00b', '\\ude00\\ud83d']) {
    const inOne = parseUpMessage(`{"seq":3,"values":{"a":"fine","b":"${value}"}}`);
    const inSamples = parseUpMessage(`{"seq":3,"samples":[{"ts":1,"values":{"b":"${value}"}}]}`);
    assert.ok(!inOne.ok && !inSamples.ok);
    assert.deepEqual([inOne.seq, inOne.fault.code, inOne.fault.path], [3, 'value_invalid', '/values/b']);
    assert.deepEqual([inSamples.fault.code, inSamples.fault.path], ['value_invalid', '/samples/0/values/b']);
  }
  assert.ok(parseUpMessage('{"seq":3,"values":{"a":"\\ud83d\\ude00"}}').ok);
});

test('a number beyond 2^53 in another form than digits is taken only if a double holds it', () => {
  const taken = (number: string): boolean => parseUpMessage(`{"values":{"a":${number}}}`).ok;
  for (const number of ['9.007199254740993e15', '9007199254740993.0', '1.00000000000000000001e300'])
    assert.equal(taken(number), false, number);
  for (const number of ['9.007199254740994e15', '1.7976931348623157e308', '6.02214076e23', '0.12345678901234567890'])
    assert.equal(taken(number), true, number);
});

test('a field named __proto__ pollutes nothing', () => {
  const parsed = parseUpMessage('{"__proto__":{"seq":5},"values":{"__proto__":1}}');
  assert.ok(parsed.ok);
  assert.equal(({} as { seq?: number }).seq, undefined);
});

test('a slash in a metric name is escaped in the path', () => {
  const parsed = parseUpMessage('{"seq":9,"values":{"a/b":{}}}');
  assert.ok(!parsed.ok);
  assert.deepEqual([parsed.fault.code, parsed.fault.path], ['value_invalid', '/values/a~1b']);
});

test('nesting of any depth in an unknown field is accepted', () => {
  const deep = `{"seq":9,"values":{"a":1},"note":${'['.repeat(8_000)}${']'.repeat(8_000)}}`;
  assert.equal(parseUpMessage(deep).ok, true);
});

test('the last of two equal keys counts, and the length of a string is counted in bytes', () => {
  const parsed = parseUpMessage('{"seq":9,"seq":10,"values":{"a":1,"a":"b"}}');
  assert.deepEqual(parsed, { ok: true, message: { seq: 10, values: { a: 'b' } } });
  assert.equal(parseUpMessage(`{"values":{"a":"${'\\u20ac'.repeat(341)}"}}`).ok, true);
  assert.equal(parseUpMessage(`{"values":{"a":"${'\\u20ac'.repeat(342)}"}}`).ok, false);
});

test('a refusal is short, whatever the length of the name in it', () => {
  for (const text of [
    `{"seq":9,"values":{"${'~'.repeat(60_000)}":1}}`,
    `{"seq":9,"values":{"${'~'.repeat(60_000)}":[]}}`,
    `{"seq":9,"samples":[{"values":{"${'x'.repeat(60_000)}":1}}]}`,
    `{"type":"hello","attributes":{"${'x'.repeat(60_000)}":1}}`,
    `{"type":"${'x'.repeat(60_000)}"}`,
    'x'.repeat(60_000),
  ]) {
    const parsed = parseUpMessage(text);
    assert.ok(!parsed.ok);
    assert.ok(JSON.stringify(parsed.fault).length < 512, text.slice(0, 40));
    assert.ok((parsed.fault.path?.length ?? 0) <= limits.faultPathCharsMax);
  }
});

test('a refusal says what is allowed', () => {
  const messageOf = (text: string): string => {
    const parsed = parseUpMessage(text);
    assert.ok(!parsed.ok);
    return parsed.fault.message;
  };
  assert.equal(messageOf('{"seq":9}'), 'telemetry has either values or samples');
  assert.equal(messageOf('{"values":{"a":1},"samples":[{"values":{}}]}'), 'telemetry has either values or samples');
  assert.match(messageOf('{"values":{"a b":1}}'), /^a metric name is 1 to 64 of/);
  assert.match(messageOf('{"type":"metrics","metrics":[{"name":"a b"}]}'), /^a metric name is 1 to 64 of/);
  assert.match(messageOf('{"type":"hello","attributes":{"a":null}}'), /must be a text or a number or true or false/);
  assert.match(messageOf('{"type":"command_update","id":"7","state":"failed"}'), /UUID/);
});

test('any text is read or refused, never throws, and a refusal has the seq if the text has one', () => {
  const type = fc.constantFrom('telemetry', 'metrics', 'hello', 'command_update', 'time');
  const field = fc.constantFrom(
    'seq',
    'ts',
    'values',
    'samples',
    'metrics',
    'table',
    'attributes',
    'id',
    'state',
    'echo',
  );
  const almost = fc
    .tuple(fc.option(type, { nil: undefined }), fc.dictionary(field, fc.jsonValue()))
    .map(([name, rest]) => JSON.stringify({ ...rest, type: name }));
  const seq = fc.integer({ min: 0, max: limits.seqMax });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), almost), seq, (text, number) => {
      for (const line of [text, text.replace(/^\{/, `{"seq":${number},`)]) {
        const parsed = parseUpMessage(line);
        if (parsed.ok) continue;
        assert.ok(parsed.fault.code in faults);
        assert.ok(Number.isInteger(parsed.seq) && parsed.seq >= 0 && parsed.seq <= limits.seqMax);
      }
      const refused = parseUpMessage(`{"seq":${number},"values":{"a":[]}}`);
      assert.deepEqual([refused.ok, refused.ok || refused.seq], [false, number]);
    }),
    { seed: 20_261_124, numRuns: 3_000 },
  );
});
