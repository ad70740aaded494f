import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, readJson } from '../../../schemas/load.js';
import type { Row } from './measure.js';
import { type Bar, barPlot } from './svgPlots.js';

/** The content of docs/bench/compare.json, besides the commit and the date. */
export interface Results {
  /** The machine, as `machineOf` describes it. */
  machine: string;
  /** The median time of an fsync on the machine. */
  fsyncMs: number;
  links: number;
  /** How long each row was measured. */
  seconds: number;
  /** How often each row was measured. */
  rounds: number;
  rows: KeyedRow[];
}

const folder = join(packageRoot, 'docs', 'bench');

/** Writes the figures to docs/bench, as JSON and as plots, with the commit and the machine that were measured. */
export function writeResults(results: Results): void {
  const origin = { commit: commitMeasured(), date: new Date().toISOString().slice(0, 10) };
  writeResult('compare.json', `${JSON.stringify({ ...origin, ...results }, null, 2)}\n`);
  for (const [file, svg] of plotsOf(results, `commit ${origin.commit}, ${results.machine.split(',')[0]}`))
    writeResult(file, svg);
}

/** Writes one file of docs/bench. */
export function writeResult(file: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), text);
}

/** The first digits of the commit that dist was built from. */
export function commitMeasured(): string {
  const { commit } = readJson('dist/build.json') as { commit: string | null };
  return commit?.slice(0, 9) ?? 'unknown';
}

function plotsOf({ rows }: Results, origin: string): [string, string][] {
  const full = rows.filter(({ key, framesPerSecond }) => framesPerSecond > 0 && !isPaced(key) && key !== 'sink');
  const paced = rows.filter(({ key }) => isPaced(key));
  const bars = (of: KeyedRow[], value: (row: KeyedRow) => number | null): Bar[] =>
    of.map((row) => ({ name: shortName(row), value: value(row) ?? 0, note: `(${row.ackMeans})` }));
  return [
    [
      'stored.svg',
      barPlot(
        `Readings stored per second; ${origin}`,
        '/s',
        bars(full, ({ storedPerSecond, readingsPerSecond }) => storedPerSecond ?? readingsPerSecond),
      ),
    ],
    [
      'cpu.svg',
      barPlot(
        `CPU seconds per million readings, all server processes; ${origin}`,
        ' s',
        bars(full, ({ serverCpuPerMillion }) => serverCpuPerMillion),
      ),
    ],
    [
      'wire.svg',
      barPlot(
        `Bytes on the wire per reading, both directions; ${origin}`,
        ' B',
        bars(full, ({ wireBytesPerReading }) => wireBytesPerReading),
      ),
    ],
    [
      'latency.svg',
      barPlot(
        `Ack p99 at 2,000 frames/s; ${origin}`,
        ' ms',
        bars(paced, ({ p99Ms }) => p99Ms),
      ),
    ],
  ];
}

const isPaced = (key: string): boolean => key.startsWith('paced-');

/** The caption of a bar: the name of the row without what the plot already says. A long caption is cut at a comma. */
function shortName({ name }: KeyedRow): string {
  const text = name
    .replace('2,000 frames/s: ', '')
    .replace(', 10 readings per frame, s', ', s')
    .split(/[;(]/)[0]
    .trim();
  return text.length <= nameCharsMax ? text : text.slice(0, text.lastIndexOf(',', nameCharsMax));
}

const nameCharsMax = 50;

export type KeyedRow = Row & { key: string };
