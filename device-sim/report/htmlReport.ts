import { countOf } from '../../schemas/display/numbers.js';
import type { FleetResult, Progress } from '../run/result.js';
import { isVerified } from '../run/runFleet.js';
import { escaped, linePlot, type PlotOptions } from './plot.js';
import { measuredText, summaryOf } from './report.js';
import type { Check } from './thresholds.js';

/** The facts that the page shows beside the figures. */
export interface ReportHead {
  fleet: string;
  /** The address to which the devices connected. */
  target: string;
  /** The machine of the simulator. */
  machine: string;
  /** The version of the simulator. */
  version: string;
  /** How it was called, without the key. */
  commandLine: string;
  checks: readonly Check[];
}

/** A page without references to other files: the summary, the thresholds, and plots of the run. */
export function htmlReport(
  result: FleetResult,
  { fleet, target, machine, version, commandLine, checks }: ReportHead,
): string {
  const plots = plotsOf(result).map((plot) => `<figure>${linePlot(plot)}</figure>`);
  const rows = checks.map(
    ({ text, value, passed }) =>
      `<tr class="${passed ? 'pass' : 'fail'}"><td>${passed ? 'pass' : 'FAIL'}</td><td>${escaped(text)}</td><td>${measuredText(value)}</td></tr>`,
  );
  const table =
    rows.length === 0 ? '' : `<table><tr><th></th><th>required</th><th>measured</th></tr>${rows.join('')}</table>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(fleet)}: a simulated fleet</title>
<style>
body{font:15px/1.5 sans-serif;max-width:800px;margin:2em auto;padding:0 1em;color:#1f2328}
pre{background:#f6f8fa;padding:1em;white-space:pre-wrap;font-size:13px}figure{margin:1em 0}
table{border-collapse:collapse}td,th{padding:.2em .8em;border:1px solid #d0d7de;text-align:left}
.verdict{padding:.5em 1em;border-radius:6px;font-weight:bold;color:#fff}.verdict.pass{background:#1a7f37}.verdict.fail{background:#cf222e}.verdict.none{background:#57606a}
.pass td:first-child{color:#1a7f37}.fail td:first-child{color:#cf222e;font-weight:bold}
</style></head><body>
<h1>${escaped(fleet)}</h1>
${outcomeOf(result, checks)}
<p>${new Date(result.startedAt).toISOString()}, seed ${result.seed}, against ${escaped(target)}; the simulator, version ${escaped(version)}, ran on ${escaped(machine)}.</p>
<pre>${escaped(commandLine)}</pre>
${table}
<pre>${escaped(summaryOf(result))}</pre>
${plots.join('\n')}
</body></html>
`;
}

/** The first line of the page: whether the run passed, and if not, why. A run that checks nothing has neither. */
function outcomeOf(result: FleetResult, checks: readonly Check[]): string {
  const failed = checks.filter(({ passed }) => !passed).map(({ text, value }) => `${text} (${measuredText(value)})`);
  const verified = result.verdict !== null;
  const wrong = verified && !isVerified(result) ? ['the verification found faults'] : [];
  const reasons = [...wrong, ...failed, ...(result.unverified === null ? [] : [`not verified: ${result.unverified}`])];
  const held = [
    ...(verified ? ['everything acknowledged was found'] : []),
    ...(checks.length > 0 ? [`${checks.length} of ${countOf(checks.length, 'threshold')} met`] : []),
  ];
  if (reasons.length > 0) return `<p class="verdict fail">FAIL: ${escaped(reasons.join('; '))}</p>`;
  if (held.length > 0) return `<p class="verdict pass">PASS: ${escaped(held.join('; '))}</p>`;
  return '<p class="verdict none">Measured only: nothing was required or verified.</p>';
}

const rateOverMsMin = 200;

function plotsOf(result: FleetResult): PlotOptions[] {
  const { samples } = result;
  const stages = stagesOf(samples);
  const points = (of: (sample: Progress) => number): [number, number][] =>
    samples.map((sample) => [sample.elapsedMs / 1000, of(sample)]);
  /** A change of the stage makes a sample of its own; over a few milliseconds there is no rate. */
  const rates = (of: (sample: Progress) => number): [number, number][] =>
    samples.slice(1).map((sample, i) => {
      const tookMs = sample.elapsedMs - samples[i].elapsedMs;
      const rate = tookMs < rateOverMsMin ? Number.NaN : (1000 * (of(sample) - of(samples[i]))) / tookMs;
      return [sample.elapsedMs / 1000, rate];
    });
  /** If no frame was acknowledged, the line has a gap, because a missing latency is not a good one. */
  const latencies = (of: (sample: Progress) => number): [number, number][] =>
    points(of).map(([at, ms], i) => [
      at,
      samples[i].framesAcked === (samples[i - 1]?.framesAcked ?? 0) ? Number.NaN : ms,
    ]);
  const gateway = (of: (seen: NonNullable<Progress['gateway']>) => number): [number, number][] =>
    points((sample) => (sample.gateway === null ? Number.NaN : of(sample.gateway)));
  const own: PlotOptions[] = [
    {
      title: 'Readings',
      unit: '/s',
      lines: [{ name: 'readings acked', points: rates(({ readingsAcked }) => readingsAcked) }],
    },
    {
      title: 'Frames',
      unit: '/s',
      lines: [
        { name: 'frames due', points: rates(({ framesSent, framesDropped }) => framesSent + framesDropped) },
        { name: 'frames acked', points: rates(({ framesAcked }) => framesAcked) },
      ],
    },
    {
      title: 'Ack latency, from the time when a frame was due',
      unit: ' ms',
      lines: [
        { name: 'p50', points: latencies(({ ackP50Ms }) => ackP50Ms) },
        { name: 'p90', points: latencies(({ ackP90Ms }) => ackP90Ms) },
        { name: 'p99', points: latencies(({ ackP99Ms }) => ackP99Ms) },
        { name: 'simulator late, p99', points: points(({ lateP99Ms }) => lateP99Ms) },
      ],
    },
    {
      title: 'Links',
      unit: '',
      lines: [{ name: 'connected', points: points(({ connected }) => connected) }],
    },
    {
      title: 'Connects',
      unit: '/s',
      lines: [{ name: 'connects', points: rates(({ linksOpened }) => linksOpened) }],
    },
    {
      title: 'Errors',
      unit: '/s',
      lines: [
        { name: 'links lost', points: rates(({ linksLost, linksLostByFaults }) => linksLost - linksLostByFaults) },
        { name: 'links lost by faults', points: rates(({ linksLostByFaults }) => linksLostByFaults) },
        { name: 'frames nacked', points: rates(({ framesNacked }) => framesNacked) },
        { name: 'frames dropped', points: rates(({ framesDropped }) => framesDropped) },
      ],
    },
  ];
  const itsOwn: PlotOptions[] = [
    {
      title: 'Gateway CPU, of one core',
      unit: ' %',
      lines: [{ name: 'CPU', points: gateway(({ cpuShare }) => 100 * cpuShare) }],
    },
    {
      title: 'Gateway memory',
      unit: ' MiB',
      lines: [{ name: 'resident', points: gateway(({ residentBytes }) => residentBytes / 2 ** 20) }],
    },
  ];
  const watched = samples.some(({ gateway: seen }) => seen !== null);
  return [...own, ...(watched ? itsOwn : [])].map((plot) => ({ ...plot, stages }));
}

/** The times in seconds at which the stages began. */
function stagesOf(samples: readonly Progress[]): [string, number][] {
  return samples
    .filter(({ stage }, i) => i > 0 && stage !== samples[i - 1].stage)
    .map(({ stage, elapsedMs }) => [stage, elapsedMs / 1000]);
}
