import assert from 'node:assert/strict';
import { test } from 'node:test';
import { circlesOf, specifiersOf } from './imports.js';

test('imports of values, of types, over several lines and at run time are found; packages are not', () => {
  const text = [
    "import { a } from './a.js';",
    'import type {',
    '  B,',
    "} from '../b.js';",
    "export { c } from './c.js';",
    "const d = await import('./d.js');",
    "import { readFileSync } from 'node:fs';",
  ].join('\n');
  assert.deepEqual(specifiersOf(text), ['./a.js', '../b.js', './c.js', './d.js']);
});

test('a circle is found however long it is, and a tree has none', () => {
  const arrows: Record<string, string[]> = { a: ['b', 'd'], b: ['c'], c: ['a'], d: ['e'], e: [] };
  assert.deepEqual(
    circlesOf(Object.keys(arrows), (node) => arrows[node]).map((circle) => circle.sort()),
    [['a', 'b', 'c']],
  );
  assert.deepEqual(
    circlesOf(['d', 'e'], (node) => arrows[node]),
    [],
  );
});

test('two circles that share no node are two', () => {
  const arrows: Record<string, string[]> = { a: ['b'], b: ['a', 'c'], c: ['d'], d: ['c'] };
  assert.equal(circlesOf(Object.keys(arrows), (node) => arrows[node]).length, 2);
});
