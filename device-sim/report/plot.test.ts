import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barPlot, escaped, figure, linePlot, quantity, timeTicks } from './plot.js';

test('a line breaks where no value was measured, and only numbers are drawn', () => {
  const svg = linePlot({
    title: 'a < b',
    unit: ' ms',
    stages: [['burst', 1]],
    lines: [
      {
        name: 'x',
        points: [
          [0, 1],
          [1, 2],
          [2, Number.NaN],
          [3, 4],
          [4, Number.POSITIVE_INFINITY],
        ],
      },
    ],
  });
  assert.equal(svg.match(/<path d="(.*?)"/)?.[1].replaceAll(/[\d. ]+/g, '_'), 'M_L_M_');
  assert.match(svg, /a &lt; b/);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

test('a plot without values is still a plot', () => {
  assert.doesNotMatch(linePlot({ title: '', unit: '', lines: [{ name: 'x', points: [] }] }), /NaN|Infinity/);
  assert.doesNotMatch(barPlot('', '', [{ name: 'x', value: 0 }]), /NaN|Infinity/);
});

test('the time axis has round times in one unit', () => {
  const texts = (max: number): string[] => timeTicks(max).map(([, text]) => text);
  assert.deepEqual(texts(35), ['0 s', '5 s', '10 s', '15 s', '20 s', '25 s', '30 s', '35 s']);
  assert.deepEqual(texts(61.4), ['0 s', '10 s', '20 s', '30 s', '40 s', '50 s', '60 s']);
  assert.deepEqual(texts(3_700).at(-1), '60 min');
  assert.deepEqual(texts(7 * 3_600), ['0 h', '1 h', '2 h', '3 h', '4 h', '5 h', '6 h', '7 h']);
  for (const max of [1, 9, 100, 5_000, 86_400, 1e7])
    assert.ok(texts(max).length <= 9 && texts(max).length > 1, `${max}`);
});

test('names of stages that are close together are below each other', () => {
  const svg = linePlot({
    title: '',
    unit: '',
    stages: [
      ['steady', 0],
      ['drain', 59],
      ['verify', 59.2],
    ],
    lines: [
      {
        name: 'x',
        points: [
          [0, 1],
          [60, 2],
        ],
      },
    ],
  });
  const rows = ['steady', 'drain', 'verify'].map((name) => svg.match(new RegExp(`y="([\\d.]+)"[^>]*>${name}<`))?.[1]);
  assert.equal(rows[0], rows[1]);
  assert.notEqual(rows[1], rows[2]);
});

test('milliseconds from a second on are seconds', () => {
  assert.deepEqual(
    [quantity(40_000, ' ms'), quantity(999, ' ms'), quantity(40_000, '/s')],
    ['40 s', '999 ms', '40k/s'],
  );
});

test('figures are short, and text is escaped', () => {
  assert.deepEqual([0, 0.12345, 999, 1_234, 56_789_000, 2.5e9].map(figure), [
    '0',
    '0.123',
    '999',
    '1.23k',
    '56.8M',
    '2.5G',
  ]);
  assert.equal(escaped('<a href="x">&'), '&lt;a href=&quot;x&quot;&gt;&amp;');
});
