import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countOf } from '../../schemas/display/numbers.js';
import { spanText } from '../../schemas/display/times.js';
import { packageRoot } from '../../schemas/load.js';
import type { Fleet, Group } from '../fleet/fleet.js';
import type { FleetResult } from '../run/result.js';
import { isVerified } from '../run/runFleet.js';
import { quantity } from './page/figures.js';
import { plotsOf } from './plots.js';
import { measuredText, summaryOf } from './report.js';
import type { Check } from './thresholds.js';

/** The facts that the page shows beside the figures. */
export interface ReportHead {
  /** The name of the fleet file. */
  name: string;
  fleet: Fleet;
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

/** A page without references to other files: the outcome, the thresholds, the options of the run, the summary, and plots. */
export function htmlReport(result: FleetResult, head: ReportHead): string {
  const { name, checks } = head;
  const plots = plotsOf(result);
  const stages = plots.stages.map(
    ({ name: stage, from }) => `${stage} from ${quantity(Math.round(from * 10) / 10, ' s')}`,
  );
  // In a script, < could end it.
  const figures = JSON.stringify(plots).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(name)}: a simulated fleet</title>
<style>${bundled('page.css')}</style></head><body>
<main>
<h1>${escaped(name)}</h1>
${outcomeOf(result, checks)}
${checksTable(checks)}
<div class="columns">
<section><h2>The run</h2>${factsTable(result, head)}</section>
<section><h2>The result</h2><pre>${escaped(summaryOf(result))}</pre></section>
</div>
<p class="stages">Dashed lines: ${escaped(stages.join(', '))}. Drag over a plot to zoom all of them, double-click to reset.</p>
<noscript><p>The plots are drawn by a script of this page.</p></noscript>
<div id="plots"></div>
</main>
<script type="application/json" id="figures">${figures}</script>
<script>${bundled('page.js')}</script>
</body></html>
`;
}

/** A file that the build has made from page/. */
const bundled = (file: string): string =>
  readFileSync(join(packageRoot, 'dist', 'device-sim', 'report', 'page', file), 'utf8').trim();

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

function checksTable(checks: readonly Check[]): string {
  if (checks.length === 0) return '';
  const rows = checks.map(
    ({ text, value, passed }) =>
      `<tr class="${passed ? 'pass' : 'fail'}"><td>${passed ? 'pass' : 'FAIL'}</td><td>${escaped(text)}</td><td>${measuredText(value)}</td></tr>`,
  );
  return `<div class="columns"><section><h2>Thresholds</h2><table class="checks"><tr><th>outcome</th><th>required</th><th>measured</th></tr>${rows.join('')}</table></section></div>`;
}

/** The options of the run, with those that the fleet file set. */
function factsTable(
  { startedAt, seed, elapsedMs, wholeMs, phases, verdict, unverified }: FleetResult,
  head: ReportHead,
): string {
  const { fleet, target, machine, version, commandLine } = head;
  const planned = wholeMs === null ? 'until it was stopped' : `of ${seconds(wholeMs)} planned`;
  const facts: [string, string][] = [
    ['Started', new Date(startedAt).toISOString()],
    ['Length', `${seconds(elapsedMs)} ${planned}, ${seconds(1000 * fleet.rampSeconds)} of them the ramp`],
    ['Phases', phases.map(({ name, rate }) => (rate === 1 ? name : `${name} at ${rate} × the rate`)).join(', ')],
    ['Devices', fleet.groups.map(groupText).join('; ')],
    ['Faults', fleet.faults.map(({ fault }) => fault).join(', ') || 'none'],
    ['Commands', fleet.commands === null ? 'none' : `${fleet.commands.perSecond} per second`],
    ['Seed', String(seed)],
    ['Verified', verdict !== null ? 'yes' : unverified === null ? 'no' : 'not possible'],
    ['Gateway', target],
    ['Simulator', `Tidegate ${version} on ${machine}`],
  ];
  const rows = facts.map(([name, text]) => `<tr><th scope="row">${name}</th><td>${escaped(text)}</td></tr>`);
  rows.push(`<tr><th scope="row">Command line</th><td><code>${escaped(commandLine)}</code></td></tr>`);
  return `<table class="run">${rows.join('')}</table>`;
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

function groupText({ prefix, count, encoding, frameIntervalMs, samplesPerFrame, signals }: Group): string {
  const samples = samplesPerFrame === 1 ? '' : ` of ${samplesPerFrame} samples`;
  return `${count} × ${prefix}, ${encoding}, a frame${samples} every ${spanText(frameIntervalMs)}, ${countOf(Object.keys(signals).length, 'metric')}`;
}

/** The text for HTML. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
