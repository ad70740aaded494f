import { type Command, Option } from 'commander';
import { countOf, numberIn, numberText, type Scale, scaleOf } from '../../schemas/display/numbers.js';
import { readingText, shortText } from '../../schemas/display/values.js';
import type { BucketItem, DeviceBody, LatestBody, ReadingItem } from '../../schemas/generated/operator.js';
import { type ApiClient, type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { collect } from '../terminal/collect.js';
import { type Cell, csvToStdout } from '../terminal/csv.js';
import { rowsLimit } from '../terminal/limit.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';
import { parseSpan, parseWhen, timeForms } from '../terminal/times.js';

interface QueryOptions extends ApiOptions {
  metric?: string[];
  from: string;
  to?: string;
  every?: string;
  limit?: string;
  order?: 'asc' | 'desc';
  format: string;
}

type Row = ReadingItem | BucketItem;

const formats = ['table', 'csv', 'ndjson'];
const tableRowsDefault = 1_000;
const requestRowsMax = 10_000;

/** `tidegate query` */
export function addQuery(program: Command): void {
  withApiOptions(program.command('query <id>').description('print the readings of a device, the newest last'))
    .option('--metric <name>', 'only this metric; repeatable', collect)
    .option('--from <t>', `start: ${timeForms}`, '-15m')
    .option('--to <t>', 'end (not included), written like --from (default: now)')
    .option('--every <width>', 'aggregate in buckets of this width (in UTC), for example 10s, 5m, 1h, 1d')
    .option('--limit <n>', `only the newest n rows (default: ${tableRowsDefault} in a table, else all)`)
    .addOption(
      new Option('--order <order>', 'asc: with a limit the oldest rows; desc: the newest row first').choices([
        'asc',
        'desc',
      ]),
    )
    .option('--format <format>', `one of ${formats.join(', ')}`, 'table')
    .addHelpText(
      'after',
      '\nA table has rounded values. CSV and NDJSON have exact ones, and without --limit\nthe whole range.\n\nExamples:\n  tidegate query boiler-7 --metric temperature --from -1h\n  tidegate query boiler-7 --from -30d --every 1h\n  tidegate query boiler-7 --from 2026-11-24 --format csv > day.csv',
    )
    .action(query);
}

async function query(id: string, options: QueryOptions): Promise<void> {
  const format = options.json ? 'ndjson' : options.format;
  if (!formats.includes(format))
    throw new Failure(64, `--format ${format} is not known. Write one of ${formats.join(', ')}`);
  const limit = limitOf(options, format);
  const parameters = parametersOf(options, Date.now());
  const api = createApiClient(options);
  const rows = wantedRows(api, id, parameters, limit, options.order);
  if (format === 'ndjson') {
    for await (const row of rows) printJson(row);
    return;
  }
  const { metrics } = await api.request<LatestBody>('GET', `${pathOf(id)}/latest`);
  const unitOf = ({ metric }: Row): string => metrics[metric]?.unit ?? '';
  const headings = options.every === undefined ? readingHeadings : bucketHeadings;
  if (format === 'csv') {
    const csv = csvToStdout();
    await csv.row(headings.map((heading) => heading.toLowerCase()));
    for await (const row of rows) await csv.row(exactCells(row, unitOf(row)));
    return csv.end();
  }
  const shown: Row[] = [];
  for await (const row of rows) shown.push(row);
  if (shown.length === 0) return console.log(await whyNothing(api, id, options));
  console.log(tableOf(['TIME (UTC)', ...headings.slice(1)], tableRows(shown, unitOf)));
  if (shown.length === limit) console.log(`\n${whereTheRestIs(shown, options.order)}`);
}

const pathOf = (id: string): string => `/v1/devices/${encodeURIComponent(id)}`;

/** The longest bucket of the API. */
const everyMsMax = 366 * 86_400_000;

/** The parameters of the API's query. Throws Failure. */
function parametersOf({ from, to, every, metric = [] }: QueryOptions, now: number): URLSearchParams {
  const parameters = new URLSearchParams({ from: String(parseWhen(from, now)) });
  if (to !== undefined) parameters.set('to', String(parseWhen(to, now)));
  if (every !== undefined) {
    const ms = parseSpan('--every', every);
    if (!(Number.isInteger(ms) && ms >= 1 && ms <= everyMsMax))
      throw new Failure(64, `--every ${every} is not valid. Write a width from 1ms to 366d, such as 10s, 5m, 1h or 1d`);
    parameters.set('every', ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);
  }
  for (const name of metric) parameters.append('metric', name);
  return parameters;
}

/** The rows in the order in which they are printed. Unless `order` says otherwise, a limit keeps the newest rows, oldest first. */
async function* wantedRows(
  api: ApiClient,
  id: string,
  parameters: URLSearchParams,
  limit: number,
  order: QueryOptions['order'],
): AsyncGenerator<Row> {
  const newest = order === undefined && Number.isFinite(limit);
  const asked = new URLSearchParams(parameters);
  if (newest || order === 'desc') asked.set('order', 'desc');
  if (limit <= requestRowsMax) asked.set('limit', String(limit));
  const rows = upTo(limit, api.lines<Row>(`${pathOf(id)}/readings?${asked}`));
  if (!newest) return yield* rows;
  const kept: Row[] = [];
  for await (const row of rows) kept.push(row);
  yield* kept.reverse();
}

/** What to do if there is nothing to show. */
async function whyNothing(api: ApiClient, id: string, { from, to, metric }: QueryOptions): Promise<string> {
  const { presence } = await api.request<DeviceBody>('GET', pathOf(id));
  const what = `No readings of ${id}${metric === undefined ? '' : ` (${metric.join(', ')})`}`;
  if (presence.state === 'never')
    return `${what}: the device has never connected. To see whether it was refused, and why: tidegate attempts --device ${id}`;
  const range = `since ${from}${to === undefined ? '' : ` and before ${to}`}`;
  const last = presence.lastFrameAt === null ? '' : ` Its last frame came at ${timeText(presence.lastFrameAt)}.`;
  return `${what} ${range}.${last} Choose an earlier start with --from.`;
}

/** The last line under a table that has as many rows as allowed. */
function whereTheRestIs(shown: Row[], order: QueryOptions['order']): string {
  const more = 'a larger --limit, or --format csv for the whole range';
  if (order === 'asc')
    return `These are the oldest ${countOf(shown.length, 'row')} of the range. For later ones: ${more}.`;
  const oldest = order === 'desc' ? shown[shown.length - 1] : shown[0];
  // `to` is exclusive, and other metrics may have a reading in the same millisecond. A bucket is shown again only as a whole.
  const to = 'value' in oldest ? oldest.ts + 1 : oldest.ts;
  return `These are the newest ${countOf(shown.length, 'row')} of the range. For earlier ones: --to ${timeText(to)}, ${more}.`;
}

const readingHeadings = ['TIME', 'METRIC', 'VALUE', 'UNIT'];
const bucketHeadings = ['TIME', 'METRIC', 'AVG', 'MIN', 'MAX', 'SUM', 'COUNT', 'FIRST', 'LAST', 'UNIT'];

/** The cells of a row, with numbers in full. */
function exactCells(row: Row, unit: string): Cell[] {
  const text = (value: number | string | boolean | undefined): string => (value === undefined ? '' : String(value));
  if ('value' in row) return [timeText(row.ts), row.metric, text(row.value), unit];
  const { ts, metric, avg, min, max, sum, count, first, last } = row;
  return [timeText(ts), metric, ...[avg, min, max, sum, count, first, last].map(text), unit];
}

const textCharsMax = 80;

/** The rows for people: the numbers of one metric have the same scale, whose unit is in the last column. */
function tableRows(rows: Row[], unitOf: (row: Row) => string): string[][] {
  const numbers = new Map<string, number[]>();
  for (const row of rows) {
    const values = 'value' in row ? [row.value] : [row.avg, row.min, row.max, row.first, row.last];
    const known = numbers.get(row.metric) ?? [];
    for (const value of values) if (typeof value === 'number') known.push(value);
    numbers.set(row.metric, known);
  }
  const scales = new Map<string, Scale>();
  for (const row of rows)
    if (!scales.has(row.metric)) scales.set(row.metric, scaleOf(numbers.get(row.metric) ?? [], unitOf(row) || null));
  return rows.map((row) => shownCells(row, scales.get(row.metric) as Scale));
}

function shownCells(row: Row, scale: Scale): string[] {
  const text = (value: number | string | boolean | undefined): string => {
    if (value === undefined) return '';
    return typeof value === 'number' ? numberIn(value, scale) : shortText(readingText(value, null), textCharsMax);
  };
  if ('value' in row) return [timeText(row.ts), row.metric, text(row.value), scale.unit];
  const { ts, metric, avg, min, max, sum, count, first, last } = row;
  return [
    timeText(ts),
    metric,
    ...[avg, min, max, sum].map(text),
    numberText(count),
    ...[first, last].map(text),
    scale.unit,
  ];
}

function limitOf({ limit }: QueryOptions, format: string): number {
  if (limit !== undefined) return rowsLimit(limit);
  return format === 'table' ? tableRowsDefault : Number.POSITIVE_INFINITY;
}

/** The first `limit` rows. */
async function* upTo<Item>(limit: number, rows: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let left = limit;
  for await (const row of rows) {
    yield row;
    if (--left === 0) return;
  }
}
