import { countOf } from '../../schemas/display/numbers.js';
import type { Progress } from '../run/result.js';
import { figure } from './page/figures.js';

const barWidth = 30;

const historyMax = 60;

const blocks = ' ▁▂▃▄▅▆▇█';

/** A view of a run in a few lines, which are redrawn at each progress report. `write` writes to the terminal. */
export function createLiveView(write: (text: string) => void): (progress: Progress) => void {
  const rates: number[] = [];
  let before: Progress | null = null;
  let height = 0;
  return (progress) => {
    const seconds = Math.max(0.001, (progress.elapsedMs - (before?.elapsedMs ?? 0)) / 1000);
    const rate = (of: (moment: Progress) => number): number =>
      (of(progress) - (before === null ? 0 : of(before))) / seconds;
    rates.push(rate(({ readingsAcked }) => readingsAcked));
    if (rates.length > historyMax) rates.shift();
    const lines = linesOf(
      progress,
      rates,
      rate(({ framesAcked }) => framesAcked),
    );
    // Back to the first line of the view, and clear the screen from there.
    write(`${height === 0 ? '' : `\x1b[${height}A\r`}\x1b[J${lines.join('\n')}\n`);
    height = lines.length;
    before = progress;
  };
}

function linesOf(now: Progress, rates: readonly number[], framesPerSecond: number): string[] {
  const { gateway, errors } = now;
  const worst = Object.entries(errors).sort(([, a], [, b]) => b - a)[0];
  const lines = [
    now.stage === 'verify'
      ? `verify     ${now.devicesVerified} of ${countOf(now.devices, 'device')} read back`
      : `${now.stage.padEnd(10)} ${progressBar(now)}  ${now.connected}/${now.devices} connected`,
    `readings   ${figure(rates[rates.length - 1])}/s ${sparkline(rates)}`,
    `frames     ${figure(framesPerSecond)}/s acked, ${now.framesUnacked} unacked, ${now.framesNacked} nacked, ${now.framesDropped} dropped`,
    `ack        p50 ${now.ackP50Ms} ms  p90 ${now.ackP90Ms} ms  p99 ${now.ackP99Ms} ms   simulator late by ${now.lateP99Ms} ms at p99`,
    `links      ${now.linksOpened} opened, ${now.linksLost} lost${now.linksLostByFaults === 0 ? '' : `, ${now.linksLostByFaults} by faults`}${worst === undefined ? '' : ` (most: ${worst[1]} × ${worst[0]})`}`,
  ];
  if (gateway !== null)
    lines.push(
      `gateway    CPU ${Math.round(100 * gateway.cpuShare)} %  memory ${Math.round(gateway.residentBytes / 2 ** 20)} MiB  unsealed ${figure(gateway.unsealedReadings)}`,
    );
  return lines;
}

/** A bar with seconds; only the seconds if the run has no planned end. */
export function progressBar({ elapsedMs, wholeMs }: Pick<Progress, 'elapsedMs' | 'wholeMs'>): string {
  const seconds = Math.max(0, Math.round(elapsedMs / 1000));
  if (wholeMs === null) return `${seconds} s, until Ctrl-C`;
  const done = Math.min(1, Math.max(0, elapsedMs / wholeMs));
  const full = Math.round(done * barWidth);
  return `[${'█'.repeat(full)}${'░'.repeat(barWidth - full)}] ${seconds}/${Math.round(wholeMs / 1000)} s`;
}

/** One character per value, as high as its share of the largest. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, Number.MIN_VALUE);
  return values.map((value) => blocks[Math.round((Math.max(0, value) / most) * (blocks.length - 1))]).join('');
}
