import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCounts, statsOf } from '../measure/counts.js';
import type { Progress } from '../run/result.js';
import { createLiveView, progressBar, sparkline } from './terminal.js';

function progressAt(elapsedMs: number, readings: number): Progress {
  const counts = createCounts();
  counts.acked(readings, 5);
  return { ...statsOf(counts.tally(3), elapsedMs, 4), stage: 'steady', wholeMs: 10_000, gateway: null };
}

test('each view overwrites the one before it, and shows rates since then', () => {
  const written: string[] = [];
  const show = createLiveView((text) => written.push(text));
  show(progressAt(1_000, 100));
  show(progressAt(2_000, 350));
  const lines = written[0].trimEnd().split('\n').length;
  assert.ok(written[1].startsWith(`\x1b[${lines}A\r\x1b[J`), JSON.stringify(written[1].slice(0, 12)));
  assert.match(written[0], /readings {3}100\/s/);
  assert.match(written[1], /readings {3}250\/s/);
  assert.match(written[1], /steady .*2\/10 s .*3\/4 connected/);
});

test('a progress bar is full only at the end, and a run without a known end has none', () => {
  const bar = (elapsedMs: number, wholeMs: number | null = 1_000): string => progressBar({ elapsedMs, wholeMs });
  assert.ok(!bar(-500).includes('█') && !bar(1_000).includes('░') && !bar(5_000).includes('░'));
  assert.equal(bar(500).match(/█/g)?.length, 15);
  assert.match(bar(7_000, null), /^7 s, until/);
});

test('a sparkline has one block per value, the highest for the largest', () => {
  assert.equal(sparkline([0, 4, 8]), ' ▄█');
  assert.equal(sparkline([0, 0]), '  ');
});
