import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableOf } from '../../../cli/terminal/output.js';
import { packageRoot } from '../../../schemas/load.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import type { Row } from '../table/measure.js';
import { plotOf } from '../table/plot.js';
import type { Point } from './storeFill.js';
import type { Timing } from './storeQueries.js';

/** The name of the measurements without a steady rate. */
export const flatOut = 'as fast as possible';

/** Ingest of a gateway on a store of one size. */
export interface Ingest extends Row {
  /** How many readings the store had. */
  stored: number;
  /** Readings per second of a gateway on an empty store within the same minutes; null: not compared. */
  empty: number | null;
  /** Rows per second of a plain append within the same minutes; null: not compared. */
  raw: number | null;
  /** The most unsealed readings in the first and in the second half of the time, in seals. */
  backlog: [number, number];
}

export interface Report {
  fill: Point[];
  ingest: Ingest[];
  queries: Timing[];
  /** How many readings the history has. */
  readings: number;
  /** How many bytes were written for the history. */
  written: number;
  /** The bytes of the history's files. */
  sizes: { readings: number; rollups: number };
  /** How many days the history has. */
  days: number;
}

const whole = (rate: number): string => Math.round(rate).toLocaleString('en');
const millions = (count: number): string => `${(count / 1e6).toFixed(0)} M`;
const figure = (value: number | null, digits = 1): string => value?.toFixed(digits) ?? '–';
const share = (rate: number, of: number | null): string => (of === null ? '–' : `${((100 * rate) / of).toFixed(0)} %`);
const isFlatOut = ({ name }: Row): boolean => name === flatOut;

/** Prints the tables and draws the plot of docs/research/store-measurements.md. */
export function report(all: Report): void {
  const machine = `${machineOf(fsyncP50Ms())}; generator on the same machine`;
  const parts = [ingestTable(all.ingest), queryTable(all.queries), history(all), machine];
  console.log(parts.join('\n\n'));
  const flatOutRows = all.ingest.filter(isFlatOut);
  const svg = plotOf('Readings per second against readings stored', [
    { name: 'history: stored, sealed, finished', points: all.fill.map((p) => [p.stored, p.readingsPerSecond]) },
    {
      name: 'gateway: acknowledged, with sealing and merging',
      points: flatOutRows.map((row) => [row.stored, row.readingsPerSecond]),
    },
  ]);
  writeFileSync(join(packageRoot, 'docs', 'store-rate.svg'), svg);
}

function ingestTable(ingest: Ingest[]): string {
  return tableOf(
    ['STORED', 'LOAD', 'READINGS/S', 'VS EMPTY', 'VS RAW', 'P50 MS', 'P99 MS', 'BACKLOG', 'CPU S/M', 'B WRITTEN'],
    ingest.map((row) => [
      millions(row.stored),
      row.name,
      whole(row.readingsPerSecond),
      isFlatOut(row) ? share(row.readingsPerSecond, row.empty) : '–',
      isFlatOut(row) ? share(row.readingsPerSecond, row.raw) : '–',
      figure(row.p50Ms),
      figure(row.p99Ms),
      row.backlog.map((seals) => seals.toFixed(1)).join(' → '),
      figure(row.serverCpuPerMillion, 2),
      figure(row.bytesWrittenPerReading, 0),
    ]),
  );
}

function queryTable(queries: Timing[]): string {
  return tableOf(
    ['QUERY OVER HTTP', 'ROWS', 'COUNT', 'P50 MS', 'P99 MS'],
    queries.map(({ name, rows, count, p50Ms, p99Ms }) => [
      name,
      String(rows),
      String(count),
      figure(p50Ms),
      figure(p99Ms),
    ]),
  );
}

function history({ fill, ingest, readings, written, sizes, days }: Report): string {
  const rates = fill.map((point) => point.readingsPerSecond);
  const raw = ingest.flatMap((row) => (isFlatOut(row) && row.raw !== null ? [whole(row.raw)] : []));
  return [
    `BACKLOG: the most unsealed readings in the first and in the second half of the time, in seals; commits wait at 4 seals`,
    `raw better-sqlite3 row append within the same minutes: ${raw.join(', ')} rows/s`,
    `history: ${(readings / 1e6).toFixed(1)} M readings in ${days} finished days, ${(sizes.readings / readings).toFixed(1)} B per reading on disk, ${(sizes.rollups / readings).toFixed(2)} B per reading of rollups; ${(written / readings).toFixed(0)} B written per reading (commit log, runs, finished days, rollups)`,
    `history was stored, sealed and finished at ${whole(Math.min(...rates))} to ${whole(Math.max(...rates))} readings/s`,
  ].join('\n');
}
