import { csvField } from '../../../schemas/csv.js';
import type {
  BucketRow,
  ReadingRow,
  ReadingsPage,
  ReadingsQuery,
  RenderedPage,
  RowFormat,
} from '../../domain/readingsQuery.js';
import type { Scalar } from '../../domain/series.js';

export const csvHeaders = {
  readings: 'metric,ts,value\r\n',
  buckets: 'metric,ts,avg,min,max,sum,count,first,last\r\n',
} as const;

/** A page as text: JSON items with commas between, NDJSON lines, or CSV lines (RFC 4180) without their header. */
export function renderPage(query: ReadingsQuery, page: ReadingsPage, format: RowFormat): RenderedPage {
  const metrics = new Map(query.series.map(({ id, metric }) => [id, metric]));
  const last = page.rows.at(-1);
  return {
    text: isOfBuckets(page) ? bucketsText(metrics, page.rows, format) : readingsText(metrics, page.rows, format),
    rows: page.rows.length,
    last: last === undefined ? null : { ts: last.ts, series: last.series },
    more: page.more,
    damaged: page.damaged,
  };
}

/** An empty page is the same in every format. */
const isOfBuckets = (page: ReadingsPage): page is ReadingsPage<BucketRow> =>
  page.rows.length > 0 && 'count' in page.rows[0];

/** The text around a reading's time and value, and the text of a value. */
interface ReadingForm {
  head(metric: string): string;
  middle: string;
  tail: string;
  valueText(value: Scalar): string;
}

/** Numbers are finite, so their text is valid JSON. */
const jsonForm = {
  head: (metric: string) => `{"metric":${JSON.stringify(metric)},"ts":`,
  middle: ',"value":',
  valueText: (value: Scalar) => (typeof value === 'string' ? JSON.stringify(value) : String(value)),
};

const readingForms: Record<RowFormat, ReadingForm> = {
  json: { ...jsonForm, tail: '},' },
  ndjson: { ...jsonForm, tail: '}\n' },
  csv: { head: (metric) => `${csvField(metric)},`, middle: ',', valueText: csvField, tail: '\r\n' },
};

function readingsText(
  metrics: ReadonlyMap<number, string>,
  rows: readonly ReadingRow[],
  format: RowFormat,
): Uint8Array<ArrayBuffer> {
  const form = readingForms[format];
  const heads = new Map(Array.from(metrics, ([id, metric]) => [id, form.head(metric)]));
  const text = (rows.every(isPlain) ? plainText : anyText)(rows, heads, form);
  // No item follows the last comma.
  return format === 'json' ? text.subarray(0, Math.max(0, text.length - 1)) : text;
}

function anyText(
  rows: readonly ReadingRow[],
  heads: ReadonlyMap<number, string>,
  { middle, tail, valueText }: ReadingForm,
): Uint8Array<ArrayBuffer> {
  const lines = rows.map(({ series, ts, value }) => `${heads.get(series)}${ts}${middle}${valueText(value)}${tail}`);
  return encoder.encode(lines.join(''));
}

const encoder = new TextEncoder();

const timeDigitsMax = 16;

const lowDigits = 6;

const million = 10 ** lowDigits;

/** The value has the same text in all formats, without a comma. */
const isPlain = ({ ts, value }: ReadingRow): boolean => typeof value !== 'string' && ts >= million;

/**
 * Writes lines in a fraction of the time of joined strings. Bytes that are the same as in the line before are copied, and the decimals
 * that most sensors send are written digit by digit.
 */
function plainText(
  rows: readonly ReadingRow[],
  heads: ReadonlyMap<number, string>,
  { middle, tail }: ReadingForm,
): Uint8Array<ArrayBuffer> {
  const starts = new Map(Array.from(heads, ([id, head]) => [id, encoder.encode(head)]));
  const [between, end] = [encoder.encode(middle), encoder.encode(tail)];
  const longest = Math.max(0, ...Array.from(starts.values(), ({ length }) => length));
  const text = new Uint8Array(rows.length * (longest + timeDigitsMax + between.length + valueBytesMax + end.length));
  let [used, high, highDigits] = [0, 0, new Uint8Array()];
  for (const { series, ts, value } of rows) {
    const start = starts.get(series) as Uint8Array;
    const millions = Math.floor(ts / million);
    if (millions !== high) [high, highDigits] = [millions, encoder.encode(String(millions))];
    used = put(text, used, start, 0, start.length);
    used = put(text, used, highDigits, 0, highDigits.length);
    used = putLowDigits(text, used, ts - millions * million);
    used = put(text, used, between, 0, between.length);
    used = typeof value === 'number' ? putNumber(text, used, value) : putAscii(text, used, String(value));
    used = put(text, used, end, 0, end.length);
  }
  return text.subarray(0, used);
}

/** The longest text of a number is -1.2345678901234567e-308. */
const valueBytesMax = 24;

/** Up to here an integer with so many decimals is the shortest text of its number. */
const [integerMax, decimalsMax, decimalMin] = [1e15, 6, 1e-6];

/** Writes the text that String() gives. */
function putNumber(into: Uint8Array, at: number, value: number): number {
  const size = Math.abs(value);
  if (!(size >= decimalMin && size < integerMax)) return putAscii(into, at, String(value));
  let power = 1;
  for (let decimals = 0; decimals <= decimalsMax; decimals++, power *= 10) {
    const integer = Math.round(size * power);
    if (integer / power !== size) continue;
    if (integer >= integerMax) break;
    let next = at;
    if (value < 0) into[next++] = minus;
    return putDecimal(into, next, integer, decimals);
  }
  return putAscii(into, at, String(value));
}

/** Writes an integer with a point before its last digits, and a zero before the point if it has no others. */
function putDecimal(into: Uint8Array, at: number, integer: number, decimals: number): number {
  let digits = Math.max(1, decimals + 1);
  for (let power = 10 ** digits; power <= integer; power *= 10) digits++;
  const end = at + digits + (decimals > 0 ? 1 : 0);
  let rest = integer;
  for (let i = end - 1, written = 0; i >= at; i--, written++) {
    if (decimals > 0 && written === decimals) {
      into[i] = point;
      continue;
    }
    const tens = Math.floor(rest / 10);
    into[i] = zero + rest - 10 * tens;
    rest = tens;
  }
  return end;
}

function putAscii(into: Uint8Array, at: number, ascii: string): number {
  for (let i = 0; i < ascii.length; i++) into[at + i] = ascii.charCodeAt(i);
  return at + ascii.length;
}

const [zero, point, minus] = [0x30, 0x2e, 0x2d];

/** Copies bytes [from, to), which are too few to be worth a native call. Returns the index after the copy. */
function put(into: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  let next = at;
  for (let i = from; i < to; i++) into[next++] = bytes[i];
  return next;
}

function putLowDigits(into: Uint8Array, at: number, below: number): number {
  for (let n = lowDigits - 1, rest = below; n >= 0; n--) {
    const tens = (rest / 10) | 0;
    into[at + n] = zero + rest - 10 * tens;
    rest = tens;
  }
  return at + lowDigits;
}

function bucketsText(
  metrics: ReadonlyMap<number, string>,
  rows: readonly BucketRow[],
  format: RowFormat,
): Uint8Array<ArrayBuffer> {
  const nameOf = ({ series }: BucketRow): string => metrics.get(series) as string;
  if (format === 'csv') return encoder.encode(rows.map((row) => csvLine(nameOf(row), row)).join(''));
  const items = rows.map((row) => bucketItem(nameOf(row), row));
  if (format === 'json') return encoder.encode(JSON.stringify(items).slice(1, -1));
  return encoder.encode(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
}

/** The sum of finite numbers may be infinite. Then it is left out, because JSON has no text for it. */
function bucketItem(metric: string, { ts, count, min, max, sum, first, last }: BucketRow): object {
  if (sum === null) return { metric, ts, count, first, last };
  if (!Number.isFinite(sum)) return { metric, ts, min, max, count, first, last };
  return { metric, ts, avg: sum / count, min, max, sum, count, first, last };
}

function csvLine(metric: string, { ts, count, min, max, sum, first, last }: BucketRow): string {
  const [avg, total] = Number.isFinite(sum) ? [(sum as number) / count, sum] : ['', ''];
  const amounts = sum === null ? ',,,' : `${avg},${min},${max},${total}`;
  return `${csvField(metric)},${ts},${amounts},${count},${csvField(first)},${csvField(last)}\r\n`;
}
