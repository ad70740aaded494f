import type { Scalar } from '../types.js';
import type { BucketRow, ReadingRow, ReadingsPage, ReadingsQuery, RenderedPage, RowFormat } from './calls.js';

export const csvHeaders = {
  readings: 'metric,ts,value\r\n',
  buckets: 'metric,ts,avg,min,max,sum,count,first,last\r\n',
} as const;

/** A page as text: JSON items with commas between, NDJSON lines, or CSV lines (RFC 4180) without their header. */
export function renderPage(query: ReadingsQuery, page: ReadingsPage, format: RowFormat): RenderedPage {
  const quote = format === 'csv' ? csvField : JSON.stringify;
  const metrics = new Map(query.series.map(({ id, metric }) => [id, quote(metric)]));
  const line = format === 'csv' ? csvLine : jsonObject;
  const lines: string[] = page.rows.map((row) => line(metrics.get(row.series) as string, row));
  const text = format === 'json' ? lines.join(',') : lines.length === 0 ? '' : lines.join(ends[format]) + ends[format];
  const last = page.rows.at(-1);
  return {
    text: new TextEncoder().encode(text),
    rows: page.rows.length,
    last: last === undefined ? null : { ts: last.ts, series: last.series },
    more: page.more,
  };
}

const ends = { csv: '\r\n', ndjson: '\n' } as const;

/** The sum of finite numbers need not be finite; then it is left out, as JSON has no text for it. */
function jsonObject(metric: string, row: ReadingRow | BucketRow): string {
  if ('value' in row) return `{"metric":${metric},"ts":${row.ts},"value":${jsonScalar(row.value)}}`;
  const { ts, count, min, max, sum, first, last } = row;
  const range = `"min":${min},"max":${max},`;
  const amounts = Number.isFinite(sum)
    ? `"avg":${(sum as number) / count},${range}"sum":${sum},`
    : sum === null
      ? ''
      : range;
  return `{"metric":${metric},"ts":${ts},${amounts}"count":${count},"first":${jsonScalar(first)},"last":${jsonScalar(last)}}`;
}

/** Numbers are finite, and then their text is JSON. */
const jsonScalar = (value: Scalar): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));

function csvLine(metric: string, row: ReadingRow | BucketRow): string {
  if ('value' in row) return `${metric},${row.ts},${csvField(row.value)}`;
  const { ts, count, min, max, sum, first, last } = row;
  const [avg, total] = Number.isFinite(sum) ? [(sum as number) / count, sum] : ['', ''];
  const amounts = sum === null ? ',,,' : `${avg},${min},${max},${total}`;
  return `${metric},${ts},${amounts},${count},${csvField(first)},${csvField(last)}`;
}

function csvField(value: string | number | boolean): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
