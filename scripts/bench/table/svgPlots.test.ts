import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barPlot, linePlot } from './svgPlots.js';

const drawn = (points: [number, number][], title = ''): string =>
  linePlot({ title, unit: ' ms', lines: [{ name: 'x', points }] });

test('a line breaks where no value was measured, and only numbers are drawn', () => {
  const points: [number, number][] = [
    [0, 1],
    [1, 2],
    [2, Number.NaN],
    [3, 4],
    [4, Number.POSITIVE_INFINITY],
  ];
  const svg = drawn(points, '<a href="x">&');
  assert.equal(svg.match(/<path d="(.*?)"/)?.[1].replaceAll(/[\d. ]+/g, '_'), 'M_L_M_');
  assert.match(svg, /aria-label="&lt;a href=&quot;x&quot;&gt;&amp;"/);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

test('a plot without values is still a plot', () => {
  assert.doesNotMatch(drawn([]), /NaN|Infinity/);
  assert.doesNotMatch(barPlot('', '', [{ name: 'x', value: 0 }]), /NaN|Infinity/);
});

test('the time axis has a few round times', () => {
  const texts = (max: number): string[] =>
    [...drawn([[max, 1]]).matchAll(/>(\d+ (?:s|min|h))</g)].map(([, text]) => text);
  assert.deepEqual(texts(35), ['0 s', '5 s', '10 s', '15 s', '20 s', '25 s', '30 s', '35 s']);
  assert.deepEqual(texts(3_700).at(-1), '60 min');
  for (const max of [1, 9, 100, 5_000, 86_400, 1e7])
    assert.ok(texts(max).length <= 9 && texts(max).length > 1, `${max}`);
});
