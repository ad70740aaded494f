/**
 * chunks/ holds the form in which readings are packed in day files. dayFiles/ decides which readings are in which chunk.
 */
import { grown } from '../../columns/growable.js';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
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

/**
 * A chunk: up to `readingsMax` readings of one series in order of time, as one row of a table.
 *
 * Reading i is at t0 + i * step + tmin + u(i) ms, where u is an integer of `tw` bytes. Its value depends on `k`:
 *
 *   k >= 0   number (vmin + w(i)) / 10^k, where w is an integer of `vw` bytes
 *   k = -1   string: w(i) is its index in the chunk's dictionary of `vmin` strings
 *   k = -2   boolean 0 or 1: vmin + w(i)
 *   k = -4   number as a raw f32, vw = 4
 *   k = -8   number as a raw f64, vw = 8
 *
 * `b` has all u, then all w, then the dictionary: for each string the u32 offset at which it ends, then the UTF-8 of all strings.
 * Integers are little-endian and unsigned. Widths are 0 (all are zero), 1, 2, 3, 4 or 6 bytes. A number comes back bit for bit: a
 * form that would lose a bit is not taken. `crc` is the CRC-32 of the columns before it, as f64 (NaN for null), and of b.
 */
export type ChunkRow = [
  series: number,
  /** The time of the first reading. */
  t0: number,
  /** Ms from the first reading to the last. */
  span: number,
  n: number,
  step: number,
  tmin: number,
  tw: number,
  k: number,
  vw: number,
  vmin: number,
  /** The next five are null for strings, booleans and chunks of fewer than `summedMin` readings. */
  min: number | null,
  max: number | null,
  sum: number | null,
  first: number | null,
  last: number | null,
  crc: number,
  b: Uint8Array,
];

/** The index of each column in a ChunkRow. */
export const at = {
  series: 0,
  t0: 1,
  span: 2,
  n: 3,
  step: 4,
  tmin: 5,
  tw: 6,
  k: 7,
  vw: 8,
  vmin: 9,
  min: 10,
  max: 11,
  sum: 12,
  first: 13,
  last: 14,
  crc: 15,
  b: 16,
} as const;

/** More readings per chunk gain no space; fewer cost a hundredth of a byte each. */
export const readingsMax = valuesMax;

/** The most characters of a chunk's strings. One string may be longer than that alone. */
const textMax = 2_048;

/** Smaller chunks are unpacked for an aggregate in the time that it takes to read five more columns. */
export const summedMin = 16;

/** The readings of one series that are packed or were unpacked. `value` has numbers and booleans (0, 1), `texts` strings. */
export interface SeriesReadings {
  count: number;
  ts: Float64Array<ArrayBuffer>;
  value: Float64Array<ArrayBuffer>;
  texts: string[];
}

export const createReadings = (size: number): SeriesReadings => ({
  count: 0,
  ts: new Float64Array(size),
  value: new Float64Array(size),
  texts: [],
});

/** Makes room for `more` readings. */
export function reserveSeriesReadings(readings: SeriesReadings, more: number): void {
  const needed = readings.count + more;
  if (needed <= readings.ts.length) return;
  readings.ts = grown(readings.ts, needed);
  readings.value = grown(readings.value, needed);
}

const integers = new Float64Array(readingsMax);

const offsets = new Float64Array(readingsMax);

/**
 * Packs as many of the readings [from, from + n) of a series as a chunk has room for; n of the row says how many. `hint` is the k of the
 * series' last chunk, which is tried first. `b` of the row is valid until the next call.
 */
export function pack(
  kind: SeriesKind,
  series: number,
  readings: SeriesReadings,
  from: number,
  n: number,
  hint: number,
): ChunkRow {
  if (kind === seriesKinds.number) return packNumbers(series, readings, from, n, hint);
  return kind === seriesKinds.string ? packTexts(series, readings, from, n) : packBooleans(series, readings, from, n);
}

function packNumbers(series: number, readings: SeriesReadings, from: number, n: number, hint: number): ChunkRow {
  const { ts, value } = readings;
  reserve(n * 14);
  const row = packTimes(series, ts, from, n);
  const end = packValues(value, from, n, hint, headBytes + n * row[at.tw]);
  [row[at.k], row[at.vw], row[at.vmin]] = [packed.k, packed.vw, packed.vmin];
  if (end - headBytes > rowBytesMax)
    return packNumbers(series, readings, from, Math.floor((n * rowBytesMax) / (end - headBytes)), packed.k);
  if (n >= summedMin) sumUp(row, value, from);
  return finish(row, end);
}

function packBooleans(series: number, { ts, value }: SeriesReadings, from: number, n: number): ChunkRow {
  reserve(n * 14);
  const row = packTimes(series, ts, from, n);
  const end = packValues(value, from, n, 0, headBytes + n * row[at.tw]);
  [row[at.k], row[at.vw], row[at.vmin]] = [form.boolean, packed.vw, packed.vmin];
  return finish(row, end);
}

function packTexts(series: number, { ts, texts }: SeriesReadings, from: number, n: number): ChunkRow {
  const places = new Map<string, number>();
  let characters = 0;
  let fit = 0;
  for (; fit < n; fit++) {
    const text = texts[from + fit];
    let place = places.get(text);
    if (place === undefined) {
      if (fit > 0 && characters + text.length > textMax) break;
      characters += text.length;
      place = places.size;
      places.set(text, place);
    }
    integers[fit] = place;
  }
  reserve(fit * 12 + dictionaryBytesMax(places.keys()));
  const row = packTimes(series, ts, from, fit);
  [row[at.k], row[at.vw], row[at.vmin]] = [form.text, widthOf(places.size - 1), places.size];
  const dictionary = putIntegers(integers, fit, row[at.vw], headBytes + fit * row[at.tw]);
  return finish(row, putDictionary(places.keys(), places.size, dictionary));
}

/** A row with the times, whose offsets are written to the memory already. */
function packTimes(series: number, ts: Float64Array, from: number, n: number): ChunkRow {
  const t0 = ts[from];
  const span = ts[from + n - 1] - t0;
  const step = n > 1 ? Math.round(span / (n - 1)) : 0;
  let [low, high] = [0, 0];
  for (let i = 0; i < n; i++) {
    const off = ts[from + i] - t0 - i * step;
    offsets[i] = off;
    if (off < low) low = off;
    else if (off > high) high = off;
  }
  const tw = widthOf(high - low);
  for (let i = 0; i < n; i++) offsets[i] -= low;
  putIntegers(offsets, n, tw, headBytes);
  return [series, t0, span, n, step, low, tw, 0, 0, 0, null, null, null, null, null, 0, memory];
}

/** A sum beyond the largest number is not stored, because SQLite has no text for it. A REAL column does not keep the sign of zero. */
function sumUp(row: ChunkRow, value: Float64Array, from: number): void {
  const to = from + row[at.n];
  const sum = sumOf(value, from, to);
  if (!Number.isFinite(sum)) return;
  let [min, max] = [value[from], value[from]];
  for (let i = from + 1; i < to; i++) {
    if (value[i] < min) min = value[i];
    else if (value[i] > max) max = value[i];
  }
  [row[at.min], row[at.max], row[at.sum]] = [min + 0, max + 0, sum + 0];
  [row[at.first], row[at.last]] = [value[from] + 0, value[to - 1] + 0];
}

/** The sum of values [from, to), with what rounding loses gathered beside it (Neumaier), as SQLite's sum() does. */
export function sumOf(value: Float64Array, from: number, to: number): number {
  let [sum, lost] = [0, 0];
  for (let i = from; i < to; i++) {
    const x = value[i];
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return Number.isFinite(lost) ? sum + lost : sum;
}

function finish(row: ChunkRow, end: number): ChunkRow {
  row[at.b] = memory.subarray(headBytes, end);
  row[at.crc] = checksum(row, at.crc, end);
  return row;
}

/** Appends the chunk's readings to `into`, which must have room for `readingsMax` more. Throws DamagedChunkError and appends nothing. */
export function unpack(row: ChunkRow, into: SeriesReadings): void {
  load(row, at.crc, row[at.b]);
  const [, , , n, , , tw, k, vw, vmin] = row;
  putTimes(row, into.ts, into.count);
  const start = headBytes + n * tw;
  if (k === form.text) {
    const dictionary = readDictionary(vmin, start + n * vw);
    readIntegers(integers, 0, n, vw, start);
    for (let i = 0; i < n; i++) into.texts[into.count + i] = dictionary[integers[i]];
  } else readValues(into.value, into.count, n, { k, vw, vmin }, start);
  into.count += n;
}

/** Writes the times of the chunk's readings from the start of `into` on. Throws DamagedChunkError. */
export function unpackTimes(row: ChunkRow, into: Float64Array): void {
  load(row, at.crc, row[at.b]);
  putTimes(row, into, 0);
}

function putTimes(row: ChunkRow, into: Float64Array, to: number): void {
  const [, t0, , n, step, tmin, tw] = row;
  readIntegers(into, to, n, tw, headBytes);
  for (let i = 0; i < n; i++) into[to + i] += t0 + tmin + i * step;
}

/** Throws DamagedChunkError. */
export const verify = (row: ChunkRow): void => load(row, at.crc, row[at.b]);

/** The time of the chunk's last reading. */
export const lastTimeOf = (row: ChunkRow): number => row[at.t0] + row[at.span];
