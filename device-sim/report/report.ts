/**
 * The lines and the final text of a simulator run. report/ turns results into text, a page or an exit code; it measures nothing.
 */
import { countOf } from '../../schemas/display/numbers.js';
import type { FleetStats } from '../measure/counts.js';
import type { FleetResult } from '../run/result.js';
import type { Check } from './thresholds.js';

/** Writes one line about a run; its rates and latencies are those since the line before. */
export type ProgressLine = (stats: FleetStats & { stage?: string }) => string;

export function createLine(): ProgressLine {
  let before = { elapsedMs: 0, framesAcked: 0, readingsAcked: 0 };
  return (stats) => {
    const seconds = Math.max(0.001, (stats.elapsedMs - before.elapsedMs) / 1000);
    const acked = stats.framesAcked - before.framesAcked;
    const frames = Math.round(acked / seconds);
    const readings = Math.round((stats.readingsAcked - before.readingsAcked) / seconds);
    before = stats;
    const latency = acked === 0 ? 'no acks' : `ack p50 ${stats.ackP50Ms} ms p99 ${stats.ackP99Ms} ms`;
    const errors = stats.framesNacked + stats.framesDropped + stats.linksLost - stats.linksLostByFaults;
    const at = `${(stats.elapsedMs / 1000).toFixed(0).padStart(4)} s`;
    if (stats.stage === 'verify')
      return `${at}  verifying: ${stats.devicesVerified} of ${countOf(stats.devices, 'device')} read back`;
    if (stats.stage === 'drain')
      return `${at}  waiting for the last acks: ${countOf(stats.framesUnacked, 'frame')} without an answer`;
    return [
      at,
      `${stats.connected}/${stats.devices} connected`,
      `${frames.toLocaleString('en')} frames/s`,
      `${readings.toLocaleString('en')} readings/s`,
      latency,
      countOf(errors, 'error'),
    ].join('  ');
  };
}

/** The text at the end of a run. */
export function summaryOf(result: FleetResult): string {
  const { verdict, commands, errors, unverified } = result;
  const seconds = Math.max(0.001, result.elapsedMs / 1000);
  const unacked = result.framesUnacked === 0 ? '' : `, ${result.framesUnacked} without an answer`;
  const lines = [
    `${countOf(result.devices, 'device')}, ${seconds.toFixed(1)} s${stoppedText(result)}`,
    `frames:    ${result.framesSent} sent, ${result.framesAcked} acked, ${result.framesNacked} nacked, ${result.framesDropped} dropped by full buffers${unacked}`,
    `readings:  ${result.readingsAcked} acked (${Math.round(result.readingsAcked / seconds).toLocaleString('en')}/s)`,
    `ack:       ${result.framesAcked === 0 ? 'none' : `p50 ${result.ackP50Ms} ms, p99 ${result.ackP99Ms} ms from when a frame was due`}; the simulator was late by ${result.lateP99Ms} ms at p99`,
    `links:     ${result.linksLost} lost${result.linksLostByFaults === 0 ? '' : `, ${result.linksLostByFaults} of them by simulated faults`}`,
  ];
  if (Object.keys(result.faults).length > 0) lines.push(`faults:    ${countsOf(result.faults)}`);
  if (Object.keys(errors).length > 0) lines.push(`errors:    ${countsOf(errors)}`);
  if (unverified !== null) lines.push(`verified:  not possible: ${unverified}`);
  if (verdict !== null) {
    lines.push(
      `verified:  ${verdict.expected} acked readings, ${verdict.found} found: ${verdict.lost} lost, ${verdict.duplicated} duplicated, ${verdict.altered} altered, ${verdict.invented} invented, ${verdict.misordered} out of order`,
    );
    lines.push(...verdict.examples.map((example) => `  ${example}`));
    if (verdict.expected === 0) lines.push('  nothing was acknowledged, so this proves nothing');
  }
  if (commands !== null && commands.checked > 0) {
    const { checked, runs, doneP50Ms, doneP99Ms, further, twice, denied, stuck, unknown, byState } = commands;
    lines.push(
      `commands:  ${checked} (${countsOf(byState)}), ${runs} run, done p50 ${doneP50Ms} ms p99 ${doneP99Ms} ms: ${further} reported further than by their device, ${twice} run twice, ${denied} denied, ${stuck} stuck, ${unknown} unknown`,
    );
    lines.push(...commands.examples.map((example) => `  ${example}`));
  }
  return lines.join('\n');
}

/** Empty if the load ran to its planned end, or had none. */
function stoppedText({ elapsedMs, wholeMs }: FleetResult): string {
  if (wholeMs === null || elapsedMs >= wholeMs) return '';
  return `: stopped at ${Math.floor(elapsedMs / 1000)} of ${Math.round(wholeMs / 1000)} s`;
}

/** Counts with their names, the most frequent first. */
function countsOf(counts: Record<string, number>): string {
  const byCount = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return byCount.map(([code, count]) => `${count} × ${code}`).join(', ');
}

/** One line per check. */
export function textOfChecks(checks: readonly Check[]): string[] {
  return checks.map(({ text, value, passed }) => `${passed ? 'pass' : 'FAIL'}:      ${text} (${measuredText(value)})`);
}

/** A measured value with two decimals at most. */
export const measuredText = (value: number): string =>
  Number.isNaN(value)
    ? 'not measured'
    : value === Number.POSITIVE_INFINITY
      ? 'too many frames without an answer'
      : String(Math.round(value * 100) / 100);

/** What to do about the usual reasons for which no device connects. */
const fixes: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there. Start a gateway, or correct --device-url',
  ENOTFOUND: 'there is no such host. Correct --device-url',
  EAI_AGAIN: 'the name of the host cannot be looked up. Correct --device-url',
  'HTTP 401': "the secrets are unknown there. --url and --device-url must be the same gateway's",
  'HTTP 404': 'this is not the device port of a gateway. Correct --device-url',
};

/** Why nothing was measured, if no device ever had a link; null if one had. */
export function unreachableText({ linksOpened, errors }: FleetStats, deviceUrl: string): string | null {
  const [most] = Object.entries(errors).sort(([, a], [, b]) => b - a);
  if (linksOpened > 0 || most === undefined) return null;
  const [reason] = most;
  const fix = Object.entries(fixes).find(([known]) => reason.includes(known));
  return `No device could connect to ${deviceUrl}: ${fix === undefined ? reason : `${fix[1]} (${reason})`}`;
}
