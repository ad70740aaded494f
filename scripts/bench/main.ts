import { cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { Failure } from '../../gateway/cli/failure.js';
import { tableOf } from '../../gateway/cli/output.js';
import { fsyncP50Ms } from './fsync.js';
import type { Row } from './measure.js';
import { benches } from './rows.js';

const options = new Command('bench')
  .description('measures the gateway beside what it is built on and what most people write, in one run')
  .argument(
    '[names...]',
    `only these rows: ${benches.map(({ name }) => name).join(', ')}; or store, which fills a store first`,
  )
  .option('--seconds <n>', 'measured for each row', '8')
  .option('--links <n>', 'device links', '1000')
  .option('--rows <n>', 'of store: readings stored in the end', '200000000')
  .option('--json', 'print JSON')
  .parse();
const { seconds, links, json } = options.opts<{ seconds: string; links: string; json?: boolean }>();
if (options.args.includes('store')) {
  const { benchStore } = await import('./store.js');
  await benchStore({
    rows: Number(options.opts<{ rows: string }>().rows),
    links: Number(links),
    seconds: Number(seconds),
  });
  process.exit();
}
const unknown = options.args.find((name) => !benches.some((bench) => bench.name === name));
if (unknown !== undefined) throw new Failure(64, `there is no row ${unknown}`);

const fsyncMs = fsyncP50Ms();
const rows: (Row & { key: string })[] = [];
for (const { name, run } of benches) {
  if (options.args.length > 0 && !options.args.includes(name)) continue;
  if (!json) console.error(`${name} …`);
  rows.push({ key: name, ...(await run({ seconds: Number(seconds), links: Number(links) })) });
}

const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GiB, node ${process.versions.node}, fsync p50 ${fsyncMs.toFixed(2)} ms; generator on the same machine`;
if (json) console.log(JSON.stringify({ machine, fsyncMs, links: Number(links), rows }, null, 2));
else console.log(`${markdown(rows)}\n\n${machine}; ${links} links`);

function markdown(table: (Row & { key: string })[]): string {
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
