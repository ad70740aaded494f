import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainJson } from './explain.js';

const wrongIn = (text: string, path: string | null): string[] =>
  explainJson(text, path)
    .filter(({ wrong }) => wrong)
    .map((line) => line.text);

test('the line that a fault points at is marked, or what it is missing from', () => {
  const text = '{"seq":1,"values":{"temperature":"warm","a/b":{}}}';
  assert.deepEqual(
    explainJson(text, null).map((line) => line.text),
    ['{', '  "seq": 1,', '  "values": {', '    "temperature": "warm",', '    "a/b": {}', '  }', '}'],
  );
  assert.deepEqual(wrongIn(text, '/values/temperature'), ['    "temperature": "warm",']);
  assert.deepEqual(wrongIn(text, '/values/a~1b'), ['    "a/b": {}']);
  assert.deepEqual(wrongIn(text, '/values/humidity'), ['  "values": {']);
  assert.deepEqual(wrongIn(text, null), []);
});

test('a text that is no JSON comes back as it is, marked', () => {
  assert.deepEqual(wrongIn('{"a":\n1e', null), ['{"a":', '1e']);
});

test('a long message is cut, but not what is wrong in it', () => {
  const lines = explainJson(JSON.stringify(Array.from({ length: 1_000 }, (_, n) => n)), '/900');
  assert.ok(lines.length < 410);
  assert.deepEqual(lines[lines.length - 1], { text: '  900,', path: '/900', wrong: true });
});
