import type { FleetResult, Progress } from '../run/result.js';
import type { RunPlot, RunPlots } from './page/runPlots.js';

/** Over less time there is no rate: a change of the stage makes a sample of its own, a few milliseconds after another. */
const rateOverMsMin = 200;

/** The plots of a run. */
export function plotsOf({ samples }: FleetResult): RunPlots {
  const watched = samples.some(({ gateway }) => gateway !== null);
  return {
    seconds: samples.map(({ elapsedMs }) => elapsedMs / 1000),
    stages: samples
      .filter(({ stage }, i) => i === 0 || stage !== samples[i - 1].stage)
      .map(({ stage, elapsedMs }, i) => ({ name: stage, from: i === 0 ? 0 : elapsedMs / 1000 })),
    plots: [...plotsOfLoad(samples), ...(watched ? plotsOfGateway(samples) : [])],
  };
}

function plotsOfLoad(samples: readonly Progress[]): RunPlot[] {
  const values = (of: (sample: Progress) => number) => samples.map((sample) => shown(of(sample)));
  const rates = (of: (sample: Progress) => number) =>
    samples.map((sample, i) => {
      const before = samples[i - 1];
      const tookMs = sample.elapsedMs - (before?.elapsedMs ?? Number.POSITIVE_INFINITY);
      return tookMs < rateOverMsMin ? null : shown((1000 * (of(sample) - of(before))) / tookMs);
    });
  /** If no frame was acknowledged, the line has a gap, because a missing latency is not a good one. */
  const latencies = (of: (sample: Progress) => number) =>
    samples.map((sample, i) => (sample.framesAcked === (samples[i - 1]?.framesAcked ?? 0) ? null : shown(of(sample))));
  return [
    {
      title: 'Readings',
      unit: '/s',
      lines: [{ name: 'acked', values: rates(({ readingsAcked }) => readingsAcked) }],
    },
    {
      title: 'Frames',
      unit: '/s',
      lines: [
        { name: 'due', values: rates(({ framesSent, framesDropped }) => framesSent + framesDropped) },
        { name: 'acked', values: rates(({ framesAcked }) => framesAcked) },
      ],
    },
    {
      title: 'Ack latency, from the time when a frame was due',
      unit: ' ms',
      lines: [
        { name: 'p50', values: latencies(({ ackP50Ms }) => ackP50Ms) },
        { name: 'p90', values: latencies(({ ackP90Ms }) => ackP90Ms) },
        { name: 'p99', values: latencies(({ ackP99Ms }) => ackP99Ms) },
        { name: 'simulator late, p99', values: values(({ lateP99Ms }) => lateP99Ms) },
      ],
    },
    { title: 'Links', unit: '', lines: [{ name: 'connected', values: values(({ connected }) => connected) }] },
    { title: 'Connects', unit: '/s', lines: [{ name: 'opened', values: rates(({ linksOpened }) => linksOpened) }] },
    {
      title: 'Errors',
      unit: '/s',
      lines: [
        { name: 'links lost', values: rates(({ linksLost, linksLostByFaults }) => linksLost - linksLostByFaults) },
        { name: 'lost by faults', values: rates(({ linksLostByFaults }) => linksLostByFaults) },
        { name: 'frames nacked', values: rates(({ framesNacked }) => framesNacked) },
        { name: 'frames dropped', values: rates(({ framesDropped }) => framesDropped) },
      ],
    },
  ];
}

function plotsOfGateway(samples: readonly Progress[]): RunPlot[] {
  const values = (of: (seen: NonNullable<Progress['gateway']>) => number) =>
    samples.map(({ gateway }) => (gateway === null ? null : shown(of(gateway))));
  return [
    {
      title: 'Gateway CPU, of one core',
      unit: ' %',
      lines: [{ name: 'CPU', values: values(({ cpuShare }) => 100 * cpuShare) }],
    },
    {
      title: 'Gateway memory',
      unit: ' MiB',
      lines: [{ name: 'resident', values: values(({ residentBytes }) => residentBytes / 2 ** 20) }],
    },
  ];
}

/** A value with as many digits as a plot can show; null if it was not measured. */
const shown = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null);
