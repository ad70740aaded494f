import type { Command } from 'commander';
import type { LatestBody, ReadingItem } from '../../../schemas/generated/operator.js';
import { valueText } from '../../valueText.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../apiClient.js';
import { Failure } from '../failure.js';
import { csvField, tableOf, timeText } from '../output.js';
import { parseWhen } from '../times.js';
import { collect } from './serve.js';

interface QueryOptions extends ApiOptions {
  metric: string[];
  from: string;
  to?: string;
  limit: string;
  format: string;
}

const formats = ['table', 'csv', 'ndjson'];

export function addQuery(program: Command): void {
  withApiOptions(program.command('query <id>').description('print readings of a device'))
    .option('--metric <name>', 'only this metric; repeatable', collect, [] as string[])
    .option('--from <t>', 'Unix ms, ISO 8601 (no offset: UTC) or back from now as -15m', '-15m')
    .option('--to <t>', 'exclusive; default: now')
    .option('--limit <n>', 'at most so many', '1000')
    .option('--format <format>', `one of ${formats.join(', ')}`, 'table')
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate query boiler-7 --metric temperature --from -1h\n  tidegate query boiler-7 --from 2026-11-24 --format csv > day.csv',
    )
    .action(query);
}

async function query(id: string, options: QueryOptions): Promise<void> {
  const format = options.json ? 'ndjson' : options.format;
  if (!formats.includes(format)) throw new Failure(64, `--format ${format}: write one of ${formats.join(', ')}`);
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new Failure(64, `--limit ${options.limit}: write a whole number above 0`);
  const now = Date.now();
  const parameters = new URLSearchParams({ from: String(parseWhen(options.from, now)) });
  if (options.to !== undefined) parameters.set('to', String(parseWhen(options.to, now)));
  for (const metric of options.metric) parameters.append('metric', metric);
  const api = createApiClient(options);
  const path = `/v1/devices/${encodeURIComponent(id)}`;
  const { metrics } = await api.request<LatestBody>('GET', `${path}/latest`);
  const readings = api.list<ReadingItem>(`${path}/readings?${parameters}`, limit);
  if (format === 'table') return printTable(id, readings, metrics, options.from);
  if (format === 'csv') console.log('time,metric,value,unit');
  for await (const { metric, ts, value } of readings) {
    if (format === 'ndjson') console.log(JSON.stringify({ metric, ts, value }));
    else console.log([timeText(ts), metric, value, metrics[metric]?.unit ?? ''].map(csvField).join(','));
  }
}

async function printTable(
  id: string,
  readings: AsyncGenerator<ReadingItem>,
  metrics: LatestBody['metrics'],
  from: string,
): Promise<void> {
  const rows: string[][] = [];
  for await (const { metric, ts, value } of readings)
    rows.push([timeText(ts), metric, valueText(value), metrics[metric]?.unit ?? '']);
  console.log(
    rows.length === 0
      ? `No readings of ${id} since ${from}.`
      : tableOf(['TIME (UTC)', 'METRIC', 'VALUE', 'UNIT'], rows),
  );
}
