import { existsSync, realpathSync } from 'node:fs';
import type { Command } from 'commander';
import pc from 'picocolors';
import { dayMs, dayOf } from '../../gateway/store/dayFiles/days.js';
import { openSqlView, type SqlValue } from '../../gateway/store/outside/sqlView.js';
import { csvField } from '../../schemas/csv.js';
import type { GatewayBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { tableOf } from '../terminal/output.js';
import { parseWhen } from '../terminal/times.js';

interface SqlOptions extends ApiOptions {
  from?: string;
  to?: string;
  format: string;
  data: string;
}

const formats = ['table', 'csv', 'ndjson'];

export function addSql(program: Command): void {
  withApiOptions(
    program
      .command('sql <statement>')
      .description('read-only SQL on a data folder, through one table readings(device, metric, unit, ts, value)'),
  )
    .option('--from <t>', 'Unix ms, ISO 8601 (no offset: UTC) or back from now as -15m; default: today, UTC')
    .option('--to <t>', 'exclusive; default: the end of today')
    .option('--format <format>', `one of ${formats.join(', ')}`, 'table')
    .addHelpText(
      'after',
      '\nA gateway that runs on the folder is asked to seal first, so that the newest readings are there.\nBoolean values are 0 and 1; ts is Unix ms.\n\nExamples:\n  tidegate sql "SELECT device, count(*) FROM readings GROUP BY device"\n  tidegate sql "SELECT max(value) FROM readings WHERE device = \'boiler-7\' AND metric = \'temperature\'" --from -7d',
    )
    .action(sql);
}

async function sql(statement: string, options: SqlOptions): Promise<void> {
  const format = options.json ? 'ndjson' : options.format;
  if (!formats.includes(format)) throw new Failure(64, `--format ${format}: write one of ${formats.join(', ')}`);
  if (!existsSync(options.data)) throw new Failure(66, `There is no data folder ${options.data}. Give one by --data.`);
  const now = Date.now();
  const from = options.from === undefined ? dayOf(now) * dayMs : parseWhen(options.from, now);
  const to = options.to === undefined ? (dayOf(now) + 1) * dayMs : parseWhen(options.to, now);
  const sealed = await sealIfRunning(options);
  const view = openSqlView(options.data, from, to);
  try {
    if (!sealed && view.unsealed > 0)
      console.error(
        pc.yellow(`${view.unsealed} readings are not in day files yet: start the gateway to have them sealed.`),
      );
    if (!view.indexed)
      console.error(pc.yellow(`${view.files} files are read one after another; ten at most are searched by index.`));
    print(view.run(statement), format);
  } catch (error) {
    throw new Failure(65, `SQL: ${(error as Error).message}`);
  } finally {
    view.close();
  }
}

/** True where the gateway of this very folder has sealed. */
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

function print({ columns, rows }: { columns: string[]; rows: IterableIterator<SqlValue[]> }, format: string): void {
  if (format === 'table') {
    const table = Array.from(rows, (row) => row.map(textOf));
    console.log(tableOf(columns, table));
    return;
  }
  if (format === 'csv') console.log(columns.map(csvField).join(','));
  for (const row of rows) {
    if (format === 'csv') console.log(row.map((value) => csvField(textOf(value))).join(','));
    else console.log(JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, plain(row[i])]))));
  }
}

function textOf(value: SqlValue): string {
  if (value === null) return '';
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value);
}

const plain = (value: SqlValue): string | number | null =>
  typeof value === 'number' || value === null ? value : textOf(value);
