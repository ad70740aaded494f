/**
 * The table that compares the gateway with other servers. table/ has its rows and what all tables of the benches share: measuring a server,
 * naming the machine, writing results and plots. What only one part of the benches prints belongs to that part.
 */
import { Failure } from '../../../cli/api/failure.js';
import { tableOf } from '../../../cli/terminal/output.js';
import { checkNeeds } from '../needs.js';
import type { PartOptions } from '../part.js';
import { fsyncP50Ms } from './fsync.js';
import { machineOf } from './machine.js';
import type { Row } from './measure.js';
import { type KeyedRow, writeResults } from './results.js';
import { benches } from './rows.js';

/** Measures the wanted rows and prints them as one table. A run of all rows is also written to docs/bench. */
export async function compare({ names, seconds, rounds, links, json }: PartOptions): Promise<void> {
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown !== undefined)
    throw new Failure(
      64,
      `there is neither a part nor a row ${unknown}; the rows are ${benches.map(({ name }) => name).join(', ')}`,
    );
  const wanted = benches.filter(({ name }) => names.length === 0 || names.includes(name));
  checkNeeds(Object.assign({}, ...wanted.map(({ needs }) => needs ?? {})));
  const fsyncMs = fsyncP50Ms();
  const measured = new Map<string, Row[]>(wanted.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const { name, run } of wanted) {
      if (!json) console.error(rounds > 1 ? `${name} ${round}/${rounds} …` : `${name} …`);
      measured.get(name)?.push(await run({ seconds, links }));
    }
  }
  const rows = Array.from(measured, ([key, all]): KeyedRow => ({ key, ...medianOf(all) }));
  const machine = `${machineOf(fsyncMs)}; generator on the same machine`;
  const results = { machine, fsyncMs, links, seconds, rounds, rows };
  if (names.length === 0) writeResults(results);
  if (json) console.log(JSON.stringify(results, null, 2));
  else
    console.log(
      `${table(rows)}\n\n${machine}; ${links} links${rounds > 1 ? `, median of ${rounds} rounds` : ''}\n\n${settingsOf(rows)}`,
    );
}

/** The row of the round with the median rate. */
function medianOf(rows: Row[]): Row {
  return rows.toSorted((a, b) => a.readingsPerSecond - b.readingsPerSecond)[Math.floor((rows.length - 1) / 2)];
}

const columns: [string, (row: KeyedRow, rows: KeyedRow[]) => string][] = [
  ['ROW', ({ name }) => name],
  ['ACK MEANS', ({ ackMeans }) => ackMeans],
  ['FRAMES/S', ({ framesPerSecond }) => (framesPerSecond === 0 ? '–' : whole(framesPerSecond))],
  ['READINGS/S', ({ readingsPerSecond }) => whole(readingsPerSecond)],
  ['STORED/S', ({ readingsPerSecond, storedPerSecond }) => whole(storedPerSecond ?? readingsPerSecond)],
  ['P50 MS', ({ p50Ms }) => figure(p50Ms, 1)],
  ['P99 MS', ({ p99Ms }) => figure(p99Ms, 1)],
  ['CPU S/M', ({ serverCpuPerMillion }) => figure(serverCpuPerMillion, 2)],
  ['MIB', ({ residentBytes }) => figure(residentBytes === null ? null : residentBytes / 2 ** 20, 0)],
  ['B WIRE', ({ wireBytesPerReading }) => figure(wireBytesPerReading, 1)],
  ['B DISK', ({ bytesWrittenPerReading }) => figure(bytesWrittenPerReading, 0)],
  [
    'GENERATOR',
    ({ generatorCpuShare }) => (generatorCpuShare === null ? '–' : `${figure(100 * generatorCpuShare, 0)} %`),
  ],
  ['VS RAW', (row, rows) => times(row, rows, 'raw')],
  ['VS NAIVE', (row, rows) => times(row, rows, 'naive')],
];

function table(rows: KeyedRow[]): string {
  return tableOf(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, cell]) => cell(row, rows))),
  );
}

/** What the columns mean, and the settings of each server. */
function settingsOf(rows: KeyedRow[]): string {
  const settings = rows.filter((row) => row.settings !== '').map((row) => `  ${row.key}: ${row.settings}`);
  return [
    'STORED/S: readings that reached the database in the measured time. CPU S/M: CPU seconds of all server processes per million acknowledged readings. MIB: resident memory of these processes.',
    'B WIRE: bytes per reading in both directions, without TCP and IP. B DISK: bytes written per reading. GENERATOR: CPU use of the generator, in percent of one core.',
    ...settings,
  ].join('\n');
}

function times({ readingsPerSecond }: KeyedRow, rows: KeyedRow[], key: string): string {
  const base = rows.find((row) => row.key === key)?.readingsPerSecond;
  return base === undefined ? '–' : `${(readingsPerSecond / base).toFixed(2)} ×`;
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');

const figure = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits));
