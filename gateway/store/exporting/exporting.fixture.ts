import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import Database from 'better-sqlite3';
import { parse } from 'csv-parse/sync';
import type { ExportFormat, ExportProgress, ExportSpec } from '../../domain/exports.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { batchOf, midnight, series, type Triple } from '../store.fixture.js';
import type { Store } from '../store.js';
import { exportDays } from './exportDays.js';

/** A reading as an exported file has it. */
export type Row = [device: string, metric: string, unit: string | null, ts: number, value: number | string | boolean];

/** Of two devices, in an order that is not that of their names. */
export const known: SeriesRecord[] = [
  { ...series(1, 'zeta'), unit: '°C' },
  { ...series(2, 'state', seriesKinds.string) },
  { ...series(3, 'door', seriesKinds.boolean) },
  { ...series(4, 'alpha'), deviceKey: 2, device: 'a-device', deviceCreatedAt: 2 },
];

export const oddTexts = [
  '',
  'a,b',
  'say "so"',
  'two\nlines\r\n',
  '{"x":1}',
  'ü € 🚀 \u2028',
  ' spaces ',
  "it's",
  'true',
  '1',
];

export const oddNumbers = [-0, 0, 5e-324, -5e-324, Number.MAX_VALUE, 0.1, 21.1, 1e21, 1 / 3, 2 ** 53];

/** Commits readings of all series on the day, and returns them as rows in the order of a file. */
export async function commitDay(store: Store, seq: number, day: number, count: number): Promise<Row[]> {
  const start = midnight + day * 86_400_000;
  const triples: Triple[] = [];
  const texts: string[] = [];
  const rows: Row[] = [];
  for (let i = 0; i < count; i++) {
    const ts = start + i * 1_000 + seq;
    const number = oddNumbers[i % oddNumbers.length];
    const text = oddTexts[i % oddTexts.length];
    triples.push([1, ts, number], [2, ts, texts.length], [3, ts, i % 2], [4, ts, i / 8]);
    texts.push(text);
    rows.push(['d', 'zeta', '°C', ts, number], ['d', 'state', null, ts, text], ['d', 'door', null, ts, i % 2 === 1]);
    rows.push(['a-device', 'alpha', null, ts, i / 8]);
  }
  const batch = batchOf(seq, triples, seq === 1 ? known : []);
  batch.strings.push(...texts);
  await store.commit(batch, midnight);
  return inOrder(rows);
}

export const inOrder = (rows: Row[]): Row[] =>
  rows
    .slice()
    .sort((a, b) => (a[0] === b[0] ? (a[1] === b[1] ? a[3] - b[3] : a[1] < b[1] ? -1 : 1) : a[0] < b[0] ? -1 : 1));

export const specOf = (folder: string, format: ExportFormat, more: Partial<ExportSpec> = {}): ExportSpec => ({
  folder,
  format,
  from: 0,
  to: midnight + 100 * 86_400_000,
  devices: null,
  ...more,
});

/** Exports to the end. */
export function exportAll(data: string, spec: ExportSpec): ExportProgress {
  const steps = exportDays(data, spec);
  for (;;) {
    const { value, done } = steps.next();
    if (done) return value;
  }
}

/** The rows of an exported file, read by a program that is not Tidegate's. */
export async function readRows(path: string, format: ExportFormat): Promise<Row[]> {
  if (format === 'parquet')
    return (await readParquet(path)).map(
      ([device, metric, unit, ts, ...values]) =>
        [device, metric, unit, ts, values.find((value) => value !== null)] as Row,
    );
  if (format === 'sqlite') return readSqlite(path);
  const text = readFileSync(path, 'utf8');
  if (format === 'ndjson')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Object.values(JSON.parse(line)) as Row);
  const [header, ...records] = parse(text) as string[][];
  assert.deepEqual(header, ['device', 'metric', 'unit', 'ts', 'value']);
  return records.map(([device, metric, unit, ts, value]) => [
    device,
    metric,
    unit || null,
    Number(ts),
    csvValue(metric, value),
  ]);
}

function csvValue(metric: string, text: string): Row[4] {
  if (metric === 'state') return text;
  return metric === 'door' ? text === 'true' : Number(text);
}

function readSqlite(path: string): Row[] {
  const db = new Database(path, { readonly: true });
  const rows = db
    .prepare<[], [...Row, string]>('SELECT device, metric, unit, ts, value, typeof(value) FROM readings')
    .raw()
    .all();
  db.close();
  return rows.map(([device, metric, unit, ts, value, type]) => [
    device,
    metric,
    unit,
    ts,
    type === 'integer' ? value === 1 : value,
  ]);
}

export type ParquetRow = [string, string, string | null, number, number | null, string | null, boolean | null];

/** In the order of the file. */
export async function readParquet(path: string): Promise<ParquetRow[]> {
  const rows = await askDuckDb(
    `SELECT device, metric, unit, epoch_ms(ts), value, value_text, value_bool FROM read_parquet('${path}', file_row_number = true) ORDER BY file_row_number`,
  );
  return rows.map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : value)) as ParquetRow);
}

export async function askDuckDb(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRows();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
