import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJson } from './packageRoot.js';
import { parseUpMessage } from './upMessage.js';

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

test('nesting of any depth is refused, not overflowed on', () => {
  const deep = `{"seq":9,"values":{"a":${'['.repeat(8_000)}${']'.repeat(8_000)}}}`;
  const parsed = parseUpMessage(deep);
  assert.ok(!parsed.ok);
  assert.equal(parsed.fault.code, 'value_invalid');
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
