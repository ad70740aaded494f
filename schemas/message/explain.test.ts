import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainJson } from './explain.js';

const wrongIn = (text: string, path: string | null): string[] =>
  explainJson(text, path)
    .filter(({ wrong }) => wrong)
    .map((line) => line.text);

test('the line of a fault is marked, or the object in which a field is missing', () => {
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

test('a text that is not JSON is returned unchanged and marked', () => {
  assert.deepEqual(wrongIn('{"a":\n1e', null), ['{"a":', '1e']);
});

test('a long message is cut, but its wrong line is kept', () => {
  const lines = explainJson(JSON.stringify(Array.from({ length: 1_000 }, (_, n) => n)), '/900');
  assert.ok(lines.length < 410);
  assert.deepEqual(lines[lines.length - 1], { text: '  900,', path: '/900', wrong: true });
});
