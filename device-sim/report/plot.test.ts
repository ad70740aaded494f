import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barPlot, escaped, figure, linePlot } from './plot.js';

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
