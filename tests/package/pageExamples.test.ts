import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceOf, laidOut, pageParts } from './pageExamples.js';

test('an example is a shell block with the answer below it; a block without an end is refused', () => {
  const page = '<!-- keep ID = id -->\n```sh\ncurl x\n```\n\n```http\n200\n\n{}\n```\n\n```sh\ncurl y\n```\ntext\n';
  const [direction, first, second] = pageParts(page);
  assert.deepEqual(direction, { kind: 'direction', line: 0, verb: 'keep', rest: 'ID = id' });
  assert.deepEqual(first, {
    kind: 'example',
    line: 1,
    program: 'curl x',
    answer: { from: 5, to: 9, text: '200\n\n{}' },
  });
  assert.equal(second.kind === 'example' && second.answer, null);
  assert.throws(() => pageParts('```sh\ncurl x\n'), /the block in line 1 has no end/);
});

test('answers differ in form by fields, kinds, words and lengths; not by numbers and ids', () => {
  const shown = { id: '01a22a39-5b81-71bf-8a4a-6986855b82ab', count: 1, state: 'done', at: null, items: [{ a: 1 }] };
  const same = { id: '01a22a40-0000-71bf-8a4a-6986855b82ac', count: 9, state: 'done', at: 5, items: [{ a: 2 }] };
  assert.equal(differenceOf(shown, same), null);
  for (const [change, where] of [
    [{ state: 'failed' }, '/state'],
    [{ count: '9' }, '/count'],
    [{ items: [] }, '/items'],
    [{ items: [{ a: 2 }, { a: 3 }] }, '/items'],
    [{ items: [{ b: 2 }] }, '/items/0'],
    [{ items: {} }, '/items'],
    [{ more: true }, ''],
  ] as const)
    assert.match(String(differenceOf(shown, { ...same, ...change })), new RegExp(`^${where}: the page shows`));
});

test('JSON that fits is one line, and is the same value when it does not', () => {
  assert.equal(laidOut({ a: [1, null], b: {}, c: 'x' }), '{ "a": [1, null], "b": {}, "c": "x" }');
  const long = { items: Array.from({ length: 30 }, (_, i) => ({ metric: 'temperature', value: i })), next: null };
  assert.deepEqual(JSON.parse(laidOut(long)), long);
  assert.ok(laidOut(long).split('\n').length > 30);
});
