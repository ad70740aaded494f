import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { BucketRow, DamagedSpan, ReadingRow, ReadingsQuery } from '../domain/readingsQuery.js';
import { type Scalar, seriesKinds } from '../domain/series.js';
import { dayFolder, dayMs, listDays } from './dayFiles/days.js';
import type { HistoryDevice, HistorySeries, Random } from './histories.fixture.js';
import { openSqlView } from './outside/sqlView.js';
import { midnight, queryOf, readAll } from './store.fixture.js';
import type { Store } from './store.js';

type Cell = string | number | null;

/** The readings of a query's series and time, in its order. */
function expectedReadings(series: HistorySeries[], { from, to, order }: ReadingsQuery): ReadingRow[] {
  const rows = series.flatMap(({ id, readings }) =>
    [...readings].filter(([ts]) => ts >= from && ts < to).map(([ts, value]): ReadingRow => ({ series: id, ts, value })),
  );
  const sign = order === 'asc' ? 1 : -1;
  return rows.sort((a, b) => sign * (a.ts - b.ts || a.series - b.series));
}

/** A bucket of the plain maps, with the sum of its values' sizes, by which a sum's rounding is judged. */
type ExpectedBucket = BucketRow & { size: number };

function expectedBuckets(series: HistorySeries[], query: ReadingsQuery, everyMs: number): ExpectedBucket[] {
  const buckets = new Map<string, ExpectedBucket>();
  const ascending = expectedReadings(series, { ...query, order: 'asc' });
  for (const { series: id, ts, value } of ascending) {
    const start = Math.floor(ts / everyMs) * everyMs;
    const number = typeof value === 'number' ? value : null;
    const known = buckets.get(`${start}/${id}`);
    if (known === undefined) {
      const amounts = { min: number, max: number, sum: number, first: value, last: value, size: Math.abs(number ?? 0) };
      buckets.set(`${start}/${id}`, { series: id, ts: start, count: 1, ...amounts });
      continue;
    }
    known.count++;
    known.last = value;
    if (number === null) continue;
    known.min = Math.min(known.min as number, number);
    known.max = Math.max(known.max as number, number);
    known.sum = (known.sum as number) + number;
    known.size += Math.abs(number);
  }
  const sign = query.order === 'asc' ? 1 : -1;
  return [...buckets.values()].sort((a, b) => sign * (a.ts - b.ts || a.series - b.series));
}

/** Equal but for the sign of zero in min and max, and for the rounding of sums. */
function assertBuckets(actual: BucketRow[], expected: ExpectedBucket[]): void {
  const plain = ({ sum: _, min, max, series, ts, count, first, last }: BucketRow) => ({
    ...{ series, ts, count, first, last },
    min: min === null ? null : min + 0,
    max: max === null ? null : max + 0,
  });
  assert.deepEqual(actual.map(plain), expected.map(plain));
  actual.forEach(({ sum }, i) => {
    const { sum: wanted, size } = expected[i];
    if (wanted === null || sum === null) assert.equal(sum, wanted);
    else if (Number.isFinite(size)) assert.ok(Math.abs(sum - wanted) <= 1e-9 * size, `${sum} is not ${wanted}`);
  });
}

function randomQuery({ id, key, series }: HistoryDevice, days: number, random: Random): ReadingsQuery {
  const wanted = random(3) === 0 ? [series[random(series.length)]] : series;
  const device = { id, key, createdAt: key };
  const order = random(2) === 0 ? 'asc' : 'desc';
  const query = queryOf(wanted, { device, order, limit: [3, 100, 10_000][random(3)] });
  if (random(3) === 0) return query;
  const times = [...wanted[0].readings.keys()];
  const time = (): number =>
    random(2) === 0 && times.length > 0 ? times[random(times.length)] + random(2) : midnight + random(days * dayMs);
  const [a, b] = random(2) === 0 ? [time(), time()] : [0, 0].map(() => midnight + random(days * 24) * 3_600_000);
  return { ...query, from: Math.min(a, b), to: Math.max(a, b) };
}

/** Pages that are short enough for the time of a test. */
const readingsMax = 3_000;

const limited = (query: ReadingsQuery, rows: number): ReadingsQuery =>
  rows > readingsMax ? { ...query, limit: 10_000 } : query;

/** Compares pages of readings and of aggregates. Aligned buckets come from rollups, which still have readings that were damaged later. */
export async function checkQueries(
  store: Store,
  devices: HistoryDevice[],
  days: number,
  random: Random,
  isDamaged: boolean,
): Promise<void> {
  for (const device of devices) {
    for (let n = 0; n < 3; n++) {
      const query = randomQuery(device, days, random);
      const wanted = device.series.filter(({ id }) => query.series.some((series) => series.id === id));
      const expected = expectedReadings(wanted, query);
      assert.deepEqual(await readAll(store, limited(query, 100 * expected.length)), expected);
    }
    const widths = isDamaged ? [777, 90_000] : [777, 60_000, 90_000, 300_000, 3_600_000, 7 * 3_600_000, dayMs];
    for (let n = 0; n < 3; n++) {
      const query = { ...randomQuery(device, days, random), everyMs: widths[random(widths.length)] };
      const wanted = device.series.filter(({ id }) => query.series.some((series) => series.id === id));
      const expected = expectedBuckets(wanted, query, query.everyMs);
      assertBuckets((await readAll(store, limited(query, 100 * expected.length))) as BucketRow[], expected);
    }
  }
}

/** The damaged parts that the answers name, without repetition. */
export async function damagedParts(store: Store, { id, key, series }: HistoryDevice): Promise<string[]> {
  const found = new Set<string>();
  const query = queryOf(series, { device: { id, key, createdAt: key } });
  for (let { after } = query; ; ) {
    const page = await store.read('readings', { ...query, after });
    for (const { metric, from, to } of page.damaged satisfies DamagedSpan[]) found.add(`${metric} ${from} ${to}`);
    if (!page.more) return [...found].sort();
    after = page.rows.at(-1) ?? null;
  }
}

const storedValue = (value: Scalar): Cell => (typeof value === 'boolean' ? Number(value) : value);

const typeOf = (value: Scalar): string =>
  typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'integer' : 'real';

const byText = (a: Cell[], b: Cell[]): number =>
  a[0] === b[0] && a[1] === b[1] ? (a[3] as number) - (b[3] as number) : `${a[0]}/${a[1]}` < `${b[0]}/${b[1]}` ? -1 : 1;

function sqlRows(devices: HistoryDevice[], from: number, to: number): Cell[][] {
  return devices
    .flatMap(({ series }) => series)
    .flatMap(({ device, metric, unit, readings }) =>
      [...readings]
        .filter(([ts]) => ts >= from && ts < to)
        .map(([ts, value]): Cell[] => [device, metric, unit, ts, storedValue(value), 'integer', typeOf(value)]),
    )
    .sort(byText);
}

const selectAll = 'SELECT device, metric, unit, ts, value, typeof(ts), typeof(value) FROM readings';

function rowsOf(path: string, sql: string): Cell[][] {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare<[], Cell[]>(sql).raw().all();
  } finally {
    db.close();
  }
}

/** Compares what plain SQL sees in each file, and what `tidegate sql` sees. Everything must be sealed. */
export function checkSql(folder: string, devices: HistoryDevice[], days: number, isOfRows: boolean): void {
  // A day file of rows has booleans as they were stored.
  const plain = (rows: Cell[][]): Cell[][] => (isOfRows ? rows.map((row) => row.slice(0, 5)) : rows);
  for (const { day, readings, late, rollup } of listDays(folder)) {
    const expected = sqlRows(devices, day * dayMs, (day + 1) * dayMs);
    const found = [readings, late].flatMap((path) => (path === null ? [] : rowsOf(path, selectAll))).sort(byText);
    assert.deepEqual(plain(found), plain(expected));
    if (readings !== null && late === null && rollup !== null) checkRollup(rollup, devices, day);
  }
  const [from, to] = [midnight + 3_000_000, midnight + days * dayMs];
  const view = openSqlView(folder, from, to);
  try {
    assert.equal(view.unsealed, 0);
    const found = [...view.run(selectAll).rows] as Cell[][];
    assert.deepEqual(plain(found.sort(byText)), plain(sqlRows(devices, from, to)));
  } finally {
    view.close();
  }
}

function checkRollup(path: string, devices: HistoryDevice[], day: number): void {
  const columns = 'device, metric, ts, count, min, max, sum, first, last';
  const found = new Map(
    rowsOf(path, `SELECT ${columns} FROM readings_1h`).map(([device, metric, ts, ...rest]) => [
      `${device}/${metric}/${ts}`,
      rest,
    ]),
  );
  const query = queryOf(devices[0].series, { from: day * dayMs, to: (day + 1) * dayMs });
  for (const { series } of devices) {
    const names = new Map(series.map(({ id, device, metric }) => [id, `${device}/${metric}`]));
    for (const bucket of expectedBuckets(series, query, 3_600_000)) {
      const [count, min, max, sum, first, last] = found.get(`${names.get(bucket.series)}/${bucket.ts}`) ?? [];
      const kind = series.find(({ id }) => id === bucket.series)?.kind;
      const value = (stored: Cell | undefined): Scalar =>
        kind === seriesKinds.boolean ? stored === 1 : (stored as Scalar);
      assertBuckets(
        [{ ...bucket, count, min, max, sum, first: value(first), last: value(last) } as BucketRow],
        [bucket],
      );
      found.delete(`${names.get(bucket.series)}/${bucket.ts}`);
    }
  }
  assert.deepEqual([...found.keys()], []);
}

/** Every file is whole for SQLite, and no file is left over. */
export function checkFiles(folder: string): void {
  for (const name of readdirSync(dayFolder(folder))) {
    assert.match(name, /\.db(-wal|-shm)?$/);
    if (!name.endsWith('.db')) continue;
    const path = join(dayFolder(folder), name);
    assert.deepEqual(rowsOf(path, 'PRAGMA integrity_check'), [['ok']], name);
  }
}
