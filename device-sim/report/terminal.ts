import type { Progress } from '../run/result.js';
import { figure } from './plot.js';

const barWidth = 30;

const historyMax = 60;

const blocks = ' ▁▂▃▄▅▆▇█';

/** A view of a run in a few lines that are written over once a second. */
export function createLiveView(write: (text: string) => void) {
  const rates: number[] = [];
  let before: Progress | null = null;
  let height = 0;
  return (progress: Progress): void => {
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
    // Up to the first of the lines written before, and to the end of the screen anew.
    write(`${height === 0 ? '' : `\x1b[${height}A\r`}\x1b[J${lines.join('\n')}\n`);
    height = lines.length;
    before = progress;
  };
}

function linesOf(now: Progress, rates: readonly number[], framesPerSecond: number): string[] {
  const { gateway, errors } = now;
  const worst = Object.entries(errors).sort(([, a], [, b]) => b - a)[0];
  const lines = [
    `${now.stage.padEnd(10)} ${progressBar(now)}  ${now.connected}/${now.devices} connected`,
    `readings   ${figure(rates[rates.length - 1])}/s ${sparkline(rates)}`,
    `frames     ${figure(framesPerSecond)}/s acked, ${now.framesUnacked} on their way, ${now.framesNacked} nacked, ${now.framesDropped} dropped`,
    `ack        p50 ${now.ackP50Ms} ms  p90 ${now.ackP90Ms} ms  p99 ${now.ackP99Ms} ms   simulator late by ${now.lateP99Ms} ms at p99`,
    `links      ${now.linksOpened} opened, ${now.linksLost} lost${worst === undefined ? '' : ` (most: ${worst[1]} × ${worst[0]})`}`,
  ];
  if (gateway !== null)
    lines.push(
      `gateway    CPU ${Math.round(100 * gateway.cpuShare)} %  memory ${Math.round(gateway.residentBytes / 2 ** 20)} MiB  unsealed ${figure(gateway.unsealedReadings)}`,
    );
  return lines;
}

export function progressBar({ elapsedMs, wholeMs }: Pick<Progress, 'elapsedMs' | 'wholeMs'>): string {
  const seconds = Math.max(0, Math.round(elapsedMs / 1000));
  if (wholeMs === null) return `${seconds} s, until Ctrl-C`;
  const done = Math.min(1, Math.max(0, elapsedMs / wholeMs));
  const full = Math.round(done * barWidth);
  return `[${'█'.repeat(full)}${'░'.repeat(barWidth - full)}] ${seconds}/${Math.round(wholeMs / 1000)} s`;
}

export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, Number.MIN_VALUE);
  return values.map((value) => blocks[Math.round((Math.max(0, value) / most) * (blocks.length - 1))]).join('');
}
