import type { Command } from 'commander';
import { csvField } from '../../schemas/csv.js';
import type { BucketItem, LatestBody, ReadingItem } from '../../schemas/generated/operator.js';
import { valueText } from '../../schemas/message/valueText.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { collect } from '../terminal/collect.js';
import { tableOf, timeText } from '../terminal/output.js';
import { parseWhen } from '../terminal/times.js';

interface QueryOptions extends ApiOptions {
  metric?: string[];
  from: string;
  to?: string;
  every?: string;
  limit?: string;
  format: string;
}

const formats = ['table', 'csv', 'ndjson'];
const tableRowsDefault = 1_000;

/** `tidegate query` */
export function addQuery(program: Command): void {
  withApiOptions(program.command('query <id>').description('print the readings of a device'))
    .option('--metric <name>', 'only this metric; repeatable', collect)
    .option(
      '--from <t>',
      'start: Unix ms, ISO 8601 (UTC if it has no offset), or a time before now such as -15m',
      '-15m',
    )
    .option('--to <t>', 'end, exclusive, in the same forms (default: now)')
    .option('--every <width>', 'aggregate in buckets of this width (in UTC), for example 10s, 5m, 1h, 1d')
    .option('--limit <n>', `at most this many rows (default: ${tableRowsDefault} in a table, else all)`)
    .option('--format <format>', `one of ${formats.join(', ')}`, 'table')
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate query boiler-7 --metric temperature --from -1h\n  tidegate query boiler-7 --from -30d --every 1h\n  tidegate query boiler-7 --from 2026-11-24 --format csv > day.csv',
    )
    .action(query);
}

async function query(id: string, options: QueryOptions): Promise<void> {
  const format = options.json ? 'ndjson' : options.format;
  if (!formats.includes(format))
    throw new Failure(64, `--format ${format} is not known. Write one of ${formats.join(', ')}`);
  const limit = limitOf(options, format);
  const now = Date.now();
  const parameters = new URLSearchParams({ from: String(parseWhen(options.from, now)) });
  if (options.to !== undefined) parameters.set('to', String(parseWhen(options.to, now)));
  if (options.every !== undefined) parameters.set('every', options.every);
  for (const metric of options.metric ?? []) parameters.append('metric', metric);
  const api = createApiClient(options);
  const path = `/v1/devices/${encodeURIComponent(id)}`;
  const rows = upTo(limit, api.lines<ReadingItem | BucketItem>(`${path}/readings?${parameters}`));
  if (format === 'ndjson') {
    for await (const row of rows) console.log(JSON.stringify(row));
    return;
  }
  const { metrics } = await api.request<LatestBody>('GET', `${path}/latest`);
  const cellsOf = (row: ReadingItem | BucketItem): string[] => cells(row, metrics[row.metric]?.unit ?? '', format);
  const headings = options.every === undefined ? readingHeadings : bucketHeadings;
  if (format === 'csv') {
    console.log(headings.map((heading) => heading.toLowerCase()).join(','));
    for await (const row of rows) console.log(cellsOf(row).map(csvField).join(','));
    return;
  }
  const table: string[][] = [];
  for await (const row of rows) table.push(cellsOf(row));
  if (table.length === 0)
    return console.log(`No readings of ${id} since ${options.from}. Choose an earlier start with --from.`);
  console.log(tableOf(['TIME (UTC)', ...headings.slice(1)], table));
  if (table.length === limit)
    console.log(
      `\nThese are the oldest ${limit} rows of the time range. For newer rows, use --limit or a later --from.`,
    );
}

const readingHeadings = ['TIME', 'METRIC', 'VALUE', 'UNIT'];
const bucketHeadings = ['TIME', 'METRIC', 'AVG', 'MIN', 'MAX', 'SUM', 'COUNT', 'FIRST', 'LAST', 'UNIT'];

/** The cells of a row. A table shows rounded numbers; CSV has them in full. */
function cells(row: ReadingItem | BucketItem, unit: string, format: string): string[] {
  const text = (value: number | string | boolean | undefined): string =>
    value === undefined ? '' : format === 'table' ? valueText(value) : String(value);
  if ('value' in row) return [timeText(row.ts), row.metric, text(row.value), unit];
  const { ts, metric, avg, min, max, sum, count, first, last } = row;
  return [timeText(ts), metric, ...[avg, min, max, sum, count, first, last].map(text), unit];
}

function limitOf({ limit }: QueryOptions, format: string): number {
  if (limit === undefined) return format === 'table' ? tableRowsDefault : Number.POSITIVE_INFINITY;
  const rows = Number(limit);
  if (!Number.isInteger(rows) || rows < 1)
    throw new Failure(64, `--limit ${limit} is not valid. Write a whole number above 0`);
  return rows;
}

/** The first `limit` rows. */
async function* upTo<Row>(limit: number, rows: AsyncGenerator<Row>): AsyncGenerator<Row> {
  let left = limit;
  for await (const row of rows) {
    yield row;
    if (--left === 0) return;
  }
}
