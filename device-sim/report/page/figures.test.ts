import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure, quantity, timeSteps, timeTexts } from './figures.js';

test('figures are short', () => {
  assert.deepEqual([0, 0.12345, 999, 1_234, 56_789_000, 2.5e9, -1_234].map(figure), [
    '0',
    '0.123',
    '999',
    '1.23k',
    '56.8M',
    '2.5G',
    '-1.23k',
  ]);
});

test('milliseconds from a second on are seconds', () => {
  assert.deepEqual(
    [quantity(40_000, ' ms'), quantity(999, ' ms'), quantity(40_000, '/s')],
    ['40 s', '999 ms', '40k/s'],
  );
});

test('the texts of a time axis are in one unit', () => {
  assert.deepEqual(timeTexts([0, 10, 60], 10), ['0 s', '10 s', '60 s']);
  assert.deepEqual(timeTexts([0, 1_800, 3_600], 1_800), ['0 min', '30 min', '60 min']);
  assert.deepEqual(timeTexts([0, 3_600, 90_000], 3_600), ['0 h', '1 h', '25 h']);
  assert.deepEqual(timeTexts([], 1), []);
  assert.deepEqual(
    timeSteps,
    timeSteps.toSorted((a, b) => a - b),
  );
});
