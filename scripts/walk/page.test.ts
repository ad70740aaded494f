import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { formOf, missingLine, piecesOf } from './page.js';

test('the commands of a page come in its order, with the output that it shows', () => {
  const page = [
    'Run `npx tidegate doctor`, or `npx tidegate device add ID`.',
    '```',
    'npm start                # a comment',
    "npx tidegate query x --where '#1'",
    '```',
    '```',
    'boiler-1  5',
    '',
    '```',
    '```js',
    'code',
    '```',
    '```',
    '$ npx tidegate tail',
    'one',
    '$ npx tidegate sql',
    '```',
  ].join('\n');
  assert.deepEqual(piecesOf(page), [
    { kind: 'step', line: 1, command: 'npx tidegate doctor', shown: [] },
    { kind: 'step', line: 3, command: 'npm start', shown: [] },
    { kind: 'step', line: 4, command: "npx tidegate query x --where '#1'", shown: ['boiler-1  5'] },
    { kind: 'listing', line: 10, language: 'js', text: 'code' },
    { kind: 'step', line: 14, command: 'npx tidegate tail', shown: ['one'] },
    { kind: 'step', line: 16, command: 'npx tidegate sql', shown: [] },
  ]);
});

test('a block without an end, and output without a command, are refused', () => {
  assert.throws(() => piecesOf('```\nnpm start'), /line 1 has no end/);
  assert.throws(() => piecesOf('```\nboiler-1\n```'), /line 1 belongs to no command/);
});

test('lines have the same form if only numbers, times, ids, keys and states differ', () => {
  for (const [one, other] of [
    ['boiler-1   temperature 56.69 °C  state idle', 'boiler-25  temperature -3 °C state heating'],
    ['energy 2.589 GJ', 'energy 912.3 MJ'],
    ['http://127.0.0.1:8081/#key=tgk_…', 'http://127.0.0.1:8081/#key=tgk_aB-_9'],
    ['2026-11-30T01:46:18.512Z  queued', '2027-01-01T00:00:00.000Z queued'],
    ['(01a22a21-9ff0-7c81-b47b-78f2a36f16b4)', '(01a22a40-0000-71bf-8a4a-6986855b82ac)'],
  ])
    assert.equal(formOf(one), formOf(other));
  assert.notEqual(formOf('temperature 5 °C'), formOf('temperature 5 Cel'));
  assert.notEqual(formOf('0 lost'), formOf('0 found'));
});

test('a line that is shown and not printed is found, and so is a wrong order', () => {
  assert.equal(missingLine(['a 1', 'b'], 'x\na 2\nb\n'), null);
  assert.equal(missingLine(['b', 'a 1'], 'x\na 2\nb\n'), 'a 1');
  assert.equal(missingLine(['c'], 'a\nb'), 'c');
});

test('the README can be walked: it has the two commands, a device, and commands of every kind', () => {
  const pieces = piecesOf(readFileSync(join(packageRoot, 'README.md'), 'utf8'));
  const steps = pieces.flatMap((piece) => (piece.kind === 'step' ? [piece] : []));
  assert.ok(steps.some(({ command, shown }) => command === 'npm ci && npm run demo' && shown.length > 5));
  assert.ok(steps.some(({ command, shown }) => command === 'npm ci && npm test' && shown.length === 3));
  assert.ok(pieces.some((piece) => piece.kind === 'listing' && piece.language === 'js'));
  assert.ok(steps.length > 20);
});
