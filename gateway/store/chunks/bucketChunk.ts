import type Database from 'better-sqlite3';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import { type Buckets, reserveBuckets, sumAt } from './buckets.js';
import {
  checksum,
  dictionaryBytesMax,
  form,
  headBytes,
  load,
  memory,
  packed,
  packValues,
  putDictionary,
  putIntegers,
  readDictionary,
  readIntegers,
  readValues,
  reserve,
  rowBytesMax,
  valuesMax,
  widthOf,
} from './packing.js';
import { createUnpackTables, integerColumnAt, valueAt } from './unpackSql.js';

/**
 * A chunk of aggregates: up to `bucketsMax` buckets of one series and width, as one row of a table.
 *
 * Bucket i starts at t0 + (i + u(i)) * width ms, where u(i) counts the buckets without readings before it. It has cmin + c(i) readings, the
 * first fmin + f(i) and the last lmin + l(i) ms after its start. first, last, min and max are numbers as in chunk.ts, by k, vw and vmin;
 * strings (k = -1) and booleans (k = -2) have first and last only. The sum is a number by sk, sw and smin.
 *
 * `b` has the columns u, c, f, l, first, last, min, max, sum, then the dictionary. `stride` is the number of bytes of each of the four
 * columns of values, or 0 if all four are the same, which are there once then.
 */
export type BucketRow = [
  series: number,
  t0: number,
  width: number,
  n: number,
  uw: number,
  cmin: number,
  cw: number,
  fmin: number,
  fw: number,
  lmin: number,
  lw: number,
  k: number,
  vw: number,
  vmin: number,
  stride: number,
  sk: number,
  sw: number,
  smin: number,
  crc: number,
  b: Uint8Array,
];

/** Where a BucketRow has its number of buckets. */
export const bucketsIndex = 3;

const crcIndex = 18;

export const bucketColumns =
  'series, t0, width, n, uw, cmin, cw, fmin, fw, lmin, lw, k, vw, vmin, stride, sk, sw, smin, crc, b';

export const bucketsMax = valuesMax;

export function createBucketTables(db: Database.Database): void {
  const columns = bucketColumns
    .split(', ')
    .slice(0, -1)
    .map((name) => `${name} INTEGER NOT NULL`);
  db.exec(`
    CREATE TABLE bucket (${columns.join(', ')}, b BLOB NOT NULL, PRIMARY KEY (width, series, t0)) WITHOUT ROWID;`);
  createUnpackTables(db);
}

const integers = new Float64Array(bucketsMax);

const values = new Float64Array(4 * bucketsMax);

/**
 * Packs as many of buckets [from, from + n) as a row has room for; the row says how many. `b` of the row is valid until the next call.
 */
export function packBuckets(
  kind: SeriesKind,
  series: number,
  width: number,
  buckets: Buckets,
  from: number,
  n: number,
): BucketRow {
  for (let count = Math.min(n, bucketsMax); ; ) {
    const row = packAll(kind, series, width, buckets, from, count);
    const bytes = (row[row.length - 1] as Uint8Array).length;
    if (bytes <= rowBytesMax || count === 1) return row;
    count = Math.max(1, Math.floor((count * rowBytesMax) / bytes));
  }
}

function packAll(
  kind: SeriesKind,
  series: number,
  width: number,
  buckets: Buckets,
  from: number,
  n: number,
): BucketRow {
  const { ts, readings, firstAt, lastAt } = buckets;
  const texts = kind === seriesKinds.string ? textsOf(buckets, from, n) : new Map<string, number>();
  reserve(n * (4 * 6 + 5 * 8) + dictionaryBytesMax(texts.keys()));
  const t0 = ts[from];
  const put = (o: number, of: (b: number, i: number) => number): { min: number; width: number; end: number } => {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < n; i++) {
      const x = of(from + i, i);
      integers[i] = x;
      if (x < min) min = x;
      if (x > max) max = x;
    }
    for (let i = 0; i < n; i++) integers[i] -= min;
    const bytes = widthOf(max - min);
    return { min, width: bytes, end: putIntegers(integers, n, bytes, o) };
  };
  const u = put(headBytes, (b, i) => (ts[b] - t0) / width - i);
  const c = put(u.end, (b) => readings[b]);
  const f = put(c.end, (b) => firstAt[b] - ts[b]);
  const l = put(f.end, (b) => lastAt[b] - ts[b]);
  const packing = packAmounts(kind, buckets, from, n, texts, l.end);
  const row: BucketRow = [
    series,
    t0,
    width,
    n,
    u.width,
    c.min,
    c.width,
    f.min,
    f.width,
    l.min,
    l.width,
    ...packing.columns,
    0,
    memory.subarray(headBytes, packing.end),
  ];
  row[crcIndex] = checksum(row, crcIndex, packing.end);
  return row;
}

/** The place of each first and last string in the dictionary. */
function textsOf({ first, last, texts }: Buckets, from: number, n: number): Map<string, number> {
  const places = new Map<string, number>();
  for (let b = from; b < from + n; b++)
    for (const text of [texts[first[b]], texts[last[b]]]) if (!places.has(text)) places.set(text, places.size);
  return places;
}

type Amounts = [k: number, vw: number, vmin: number, stride: number, sk: number, sw: number, smin: number];

function packAmounts(
  kind: SeriesKind,
  buckets: Buckets,
  from: number,
  n: number,
  texts: Map<string, number>,
  o: number,
): { columns: Amounts; end: number } {
  const { first, last, min, max } = buckets;
  if (kind !== seriesKinds.number) {
    const place = (column: Float64Array, b: number): number =>
      kind === seriesKinds.string ? (texts.get(buckets.texts[column[b]]) as number) : column[b];
    for (let i = 0; i < n; i++) {
      values[i] = place(first, from + i);
      values[n + i] = place(last, from + i);
    }
    const end = packValues(values, 0, 2 * n, 0, o);
    const { vw, vmin } = packed;
    if (kind === seriesKinds.boolean) return { columns: [form.boolean, vw, vmin, n * vw, 0, 0, 0], end };
    // The places begin with 0, so that vmin is free for the size of the dictionary.
    const columns: Amounts = [form.text, vw, texts.size, n * vw, 0, 0, 0];
    return { columns, end: putDictionary(texts.keys(), texts.size, end) };
  }
  let same = true;
  for (let i = 0; i < n; i++) {
    const b = from + i;
    values[i] = first[b];
    values[n + i] = last[b];
    values[2 * n + i] = min[b];
    values[3 * n + i] = max[b];
    same &&= Object.is(first[b], last[b]) && Object.is(min[b], max[b]) && Object.is(first[b], min[b]);
  }
  const sumsAt = packValues(values, 0, same ? n : 4 * n, -1, o);
  const { k, vw, vmin } = packed;
  for (let i = 0; i < n; i++) values[i] = sumAt(buckets, from + i);
  const end = packValues(values, 0, n, k, sumsAt);
  return { columns: [k, vw, vmin, same ? 0 : n * vw, packed.k, packed.vw, packed.vmin], end };
}

/** Appends the chunk's buckets. Throws DamagedChunkError and appends nothing. */
export function unpackBuckets(row: BucketRow, into: Buckets): void {
  load(row, crcIndex, row[row.length - 1] as Uint8Array);
  const [, t0, width, n, uw, cmin, cw, fmin, fw, lmin, lw, k, vw, vmin, stride, sk, sw, smin] = row;
  reserveBuckets(into, n);
  const to = into.count;
  let o = headBytes;
  const take = (column: Float64Array, bytes: number): void => {
    readIntegers(column, to, n, bytes, o);
    o += n * bytes;
  };
  take(into.ts, uw);
  take(into.readings, cw);
  take(into.firstAt, fw);
  take(into.lastAt, lw);
  for (let i = 0; i < n; i++) {
    into.ts[to + i] = t0 + (i + into.ts[to + i]) * width;
    into.readings[to + i] += cmin;
    into.firstAt[to + i] += into.ts[to + i] + fmin;
    into.lastAt[to + i] += into.ts[to + i] + lmin;
  }
  const value = { k, vw, vmin };
  if (k === form.text) {
    const places = { k: 0, vw, vmin: into.texts.length };
    into.texts.push(...readDictionary(vmin, o + 2 * stride));
    readValues(into.first, to, n, places, o);
    readValues(into.last, to, n, places, o + stride);
  } else {
    readValues(into.first, to, n, value, o);
    readValues(into.last, to, n, value, o + stride);
  }
  if (k !== form.text && k !== form.boolean) {
    readValues(into.min, to, n, value, o + 2 * stride);
    readValues(into.max, to, n, value, o + 3 * stride);
    readValues(into.sum, to, n, { k: sk, vw: sw, vmin: smin }, o + 3 * stride + n * vw);
    into.lost.fill(0, to, to + n);
  }
  into.count += n;
}

/** Throws DamagedChunkError. */
export const verifyBuckets = (row: BucketRow): void => load(row, crcIndex, row[row.length - 1] as Uint8Array);

/**
 * The views for people, one per width: of `widths`, the name of a view for each width in ms. They are made of one that knows where
 * the columns of b begin.
 */
export function createBucketViews(db: Database.Database, widths: Record<string, number>): void {
  const [count, first] = ['c.n*c.uw', 'c.n*(c.uw+c.cw+c.fw+c.lw)'];
  const columns = { k: 'c.k', vw: 'c.vw', vmin: 'c.vmin' };
  const value = (column: number, more = {}): string => valueAt(`c.v+${column}*c.stride`, { ...columns, ...more });
  const number = (sql: string): string => `CASE s.kind WHEN 'number' THEN ${sql} END`;
  const dictionary = { dictionary: `${first}+2*c.stride` };
  const sum = valueAt('c.s', { k: 'c.sk', vw: 'c.sw', vmin: 'c.smin' });
  db.exec(`
    CREATE VIEW bucket_places AS
      SELECT c.*, i.i, ${first}+i.i*c.vw+1 AS v, ${first}+3*c.stride+c.n*c.vw+i.i*c.sw+1 AS s
      FROM bucket AS c CROSS JOIN chunk_index AS i WHERE i.i < c.n;
    CREATE VIEW buckets AS SELECT s.device, s.metric, s.unit, c.width,
        c.t0 + (c.i + (${integerColumnAt('c.i*c.uw+1', 'c.uw')})) * c.width AS ts,
        c.cmin + (${integerColumnAt(`${count}+c.i*c.cw+1`, 'c.cw')}) AS count,
        ${number(value(2))} AS min, ${number(value(3))} AS max, ${number(sum)} AS sum,
        ${value(0, dictionary)} AS first, ${value(1, dictionary)} AS last
      FROM series AS s CROSS JOIN chunk_bytes AS u CROSS JOIN bucket_places AS c ON c.series = s.id;`);
  for (const [name, width] of Object.entries(widths))
    db.exec(
      `CREATE VIEW ${name} AS SELECT device, metric, unit, ts, count, min, max, sum, first, last FROM buckets WHERE width = ${width}`,
    );
}
