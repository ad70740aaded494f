import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetResult, Progress } from '../run/result.js';
import { plotsOf } from './plots.js';

const sample = (elapsedMs: number, framesAcked: number, more: Partial<Progress> = {}): Progress =>
  ({ elapsedMs, framesAcked, stage: 'steady', gateway: null, ackP50Ms: 5, ackP99Ms: 7.123456, ...more }) as Progress;

const plotted = (samples: Progress[]) => plotsOf({ samples } as unknown as FleetResult);

const valuesOf = (samples: Progress[], title: string, line: string): (number | null)[] | undefined =>
  plotted(samples)
    .plots.find((plot) => plot.title.startsWith(title))
    ?.lines.find(({ name }) => name === line)?.values;

test('rates are those between two samples; the first has none, and one a few milliseconds after another has none', () => {
  const samples = [sample(1_000, 10), sample(2_000, 30), sample(2_100, 40), sample(4_100, 40)];
  assert.deepEqual(valuesOf(samples, 'Frames', 'acked'), [null, 20, null, 0]);
});

test('a latency without an ack is missing, not good', () => {
  const samples = [sample(1_000, 0), sample(2_000, 3), sample(3_000, 3), sample(4_000, 4)];
  assert.deepEqual(valuesOf(samples, 'Ack latency', 'p50'), [null, 5, null, 5]);
  assert.deepEqual(valuesOf(samples, 'Ack latency', 'p99'), [null, 7.1235, null, 7.1235]);
});

test('what was not measured is null, and the gateway has plots only if it was watched', () => {
  const gateway = { residentBytes: 3 * 2 ** 20, cpuShare: Number.NaN } as Progress['gateway'];
  const samples = [sample(1_000, 1), sample(2_000, 2, { gateway })];
  assert.deepEqual(valuesOf(samples, 'Gateway memory', 'resident'), [null, 3]);
  assert.deepEqual(valuesOf(samples, 'Gateway CPU', 'CPU'), [null, null]);
  assert.equal(valuesOf([sample(1_000, 1)], 'Gateway memory', 'resident'), undefined);
  assert.doesNotMatch(JSON.stringify(plotted(samples)), /NaN|Infinity/);
});

test('the stages begin with the run, and each where its first sample is', () => {
  const samples = [
    sample(900, 1, { stage: 'ramp' }),
    sample(2_000, 2),
    sample(3_000, 3),
    sample(3_100, 3, { stage: 'drain' }),
  ];
  assert.deepEqual(plotted(samples).stages, [
    { name: 'ramp', from: 0 },
    { name: 'steady', from: 2 },
    { name: 'drain', from: 3.1 },
  ]);
  assert.deepEqual(plotted([]).stages, []);
  assert.deepEqual(plotted([]).seconds, []);
});
