import { Failure } from '../../gateway/cli/failure.js';
import { tableOf } from '../../gateway/cli/output.js';
import { fsyncP50Ms } from './fsync.js';
import { machineOf } from './machine.js';
import type { Row } from './measure.js';
import type { PartOptions } from './part.js';
import { benches } from './rows.js';

type KeyedRow = Row & { key: string };

/** One table: the gateway, what it is built on, and what most people write. */
export async function compare({ names, seconds, links, json }: PartOptions): Promise<void> {
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown !== undefined)
    throw new Failure(64, `there is no row ${unknown}; there are ${benches.map(({ name }) => name).join(', ')}`);
  const fsyncMs = fsyncP50Ms();
  const rows: KeyedRow[] = [];
  for (const { name, run } of benches) {
    if (names.length > 0 && !names.includes(name)) continue;
    if (!json) console.error(`${name} …`);
    rows.push({ key: name, ...(await run({ seconds, links })) });
  }
  const machine = `${machineOf(fsyncMs)}; generator on the same machine`;
  if (json) console.log(JSON.stringify({ machine, fsyncMs, links, rows }, null, 2));
  else console.log(`${markdown(rows)}\n\n${machine}; ${links} links`);
}

function markdown(table: KeyedRow[]): string {
  const rateOf = (key: string): number | undefined => table.find((row) => row.key === key)?.readingsPerSecond;
  const times = (rate: number, base: number | undefined): string =>
    base === undefined ? '–' : `${(rate / base).toFixed(2)} ×`;
  const figure = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits));
  return tableOf(
    [
      'ROW',
      'ACK MEANS',
      'FRAMES/S',
      'READINGS/S',
      'P50 MS',
      'P99 MS',
      'SERVER CPU S/M',
      'GENERATOR CPU S/M',
      'B WRITTEN',
      'VS RAW',
      'VS NAIVE',
    ],
    table.map((row) => [
      row.name,
      row.ackMeans,
      row.framesPerSecond === 0 ? '–' : Math.round(row.framesPerSecond).toLocaleString('en'),
      Math.round(row.readingsPerSecond).toLocaleString('en'),
      figure(row.p50Ms, 1),
      figure(row.p99Ms, 1),
      figure(row.serverCpuPerMillion, 2),
      figure(row.generatorCpuPerMillion, 2),
      figure(row.bytesWrittenPerReading, 0),
      times(row.readingsPerSecond, rateOf('raw')),
      times(row.readingsPerSecond, rateOf('naive')),
    ]),
  );
}
