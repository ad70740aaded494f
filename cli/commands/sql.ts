import { existsSync, realpathSync } from 'node:fs';
import type { Command } from 'commander';
import pc from 'picocolors';
import { dayMs, dayOf } from '../../gateway/store/dayFiles/days.js';
import { openSqlView, type SqlValue } from '../../gateway/store/outside/sqlView.js';
import { countOf, countText } from '../../schemas/display/numbers.js';
import type { GatewayBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { csvToStdout } from '../terminal/csv.js';
import { tableOf } from '../terminal/output.js';
import { requireReadable } from '../terminal/requireReadable.js';
import { parseWhen, timeForms } from '../terminal/times.js';

interface SqlOptions extends ApiOptions {
  from?: string;
  to?: string;
  format: string;
  data: string;
}

const formats = ['table', 'csv', 'ndjson'];

/** How many readings a statement unpacks in a second, on two cores of 2.5 GHz (docs/research/store-measurements.md). */
const readsPerSecond = 1_500_000;

/** Statements that take a second or two need no word. */
const worthSaying = 3_000_000;

/** `tidegate sql` */
export function addSql(program: Command): void {
  withApiOptions(
    program.command('sql <statement>').description('run a read-only SQL statement on the readings of a data folder'),
  )
    .option('--from <t>', `start: ${timeForms} (default: the start of today in UTC)`)
    .option('--to <t>', 'end (not included), written like --from (default: the end of today in UTC)')
    .option('--format <format>', `one of ${formats.join(', ')}`, 'table')
    .addHelpText(
      'after',
      '\nThe table is readings(device, metric, unit, ts, value). ts is Unix ms, and booleans are 0 and 1.\nIf a gateway runs on the folder, it is asked to seal first, so that the newest readings are included.\n\nExamples:\n  tidegate sql "SELECT device, count(*) FROM readings GROUP BY device"\n  tidegate sql "SELECT max(value) FROM readings WHERE device = \'boiler-7\' AND metric = \'temperature\'" --from -7d',
    )
    .action(sql);
}

async function sql(statement: string, options: SqlOptions): Promise<void> {
  const format = options.json ? 'ndjson' : options.format;
  if (!formats.includes(format))
    throw new Failure(64, `--format ${format} is not known. Write one of ${formats.join(', ')}`);
  if (!existsSync(options.data))
    throw new Failure(66, `The data folder ${options.data} does not exist. Name it with --data.`);
  requireReadable(options.data);
  const now = Date.now();
  const from = options.from === undefined ? dayOf(now) * dayMs : parseWhen(options.from, now);
  const to = options.to === undefined ? (dayOf(now) + 1) * dayMs : parseWhen(options.to, now);
  const sealed = await sealIfRunning(options);
  const view = openSqlView(options.data, from, to);
  try {
    if (!sealed && view.unsealed > 0)
      console.error(
        pc.yellow(
          `${countOf(view.unsealed, 'reading')} missing here, because the gateway has not sealed them yet. Start it on this folder to seal them.`,
        ),
      );
    if (!view.indexed)
      console.error(
        pc.yellow(
          `This statement reads ${view.files} day files in full. Up to 10 files are read by their index, which is faster: choose a shorter time range with --from and --to.`,
        ),
      );
    const reads = view.readsAll(statement) ? view.readings : 0;
    if (reads > worthSaying)
      console.error(
        pc.yellow(
          `This statement reads all ${countText(reads)} readings of the days in range: about ${countOf(Math.ceil(reads / readsPerSecond), 'second')}. A condition on device uses the index.`,
        ),
      );
    for (const file of view.unreadable)
      console.error(
        pc.yellow(`A file is left out because it cannot be read. ${file}. tidegate doctor says what to do.`),
      );
    await print(view.run(statement), format);
    if (view.damaged() > 0)
      console.error(
        pc.yellow(
          `${countOf(view.damaged(), 'damaged part')} of the day files left out. tidegate doctor --all names the readings that are missing.`,
        ),
      );
  } catch (error) {
    throw new Failure(65, `The SQL statement failed: ${(error as Error).message}`);
  } finally {
    view.close();
  }
}

/** Asks the gateway to seal, if it runs on this very folder. Returns whether it did. */
async function sealIfRunning(options: SqlOptions): Promise<boolean> {
  try {
    const api = createApiClient(options);
    const { dataFolder } = await api.request<GatewayBody>('GET', '/v1/gateway');
    if (!existsSync(dataFolder) || realpathSync(dataFolder) !== realpathSync(options.data)) return false;
    await api.request('POST', '/v1/gateway/seal');
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

async function print(
  { columns, rows }: { columns: string[]; rows: IterableIterator<SqlValue[]> },
  format: string,
): Promise<void> {
  if (format === 'table') {
    const table = Array.from(rows, (row) => row.map(textOf));
    console.log(tableOf(columns, table));
  } else if (format === 'csv') {
    const csv = csvToStdout();
    await csv.row(columns);
    for (const row of rows) await csv.row(row.map(textOf));
    await csv.end();
  } else
    for (const row of rows)
      console.log(JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, plain(row[i])]))));
}

function textOf(value: SqlValue): string {
  if (value === null) return '';
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value);
}

const plain = (value: SqlValue): string | number | null =>
  typeof value === 'number' || value === null ? value : textOf(value);
