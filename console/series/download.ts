import type { Bucket } from '../chart/range.js';
import { currentApi } from '../session/session.js';
import { columnsOf, csvHeader, csvLine, jsonLine, type Row } from './rows.js';

/** The forms of a file. */
export const formats = {
  csv: { name: 'CSV', type: 'text/csv' },
  json: { name: 'JSON', type: 'application/json' },
  parquet: { name: 'Parquet', type: 'application/vnd.apache.parquet' },
} as const;
export type Format = keyof typeof formats;

/** A file holds this many rows at most, because the browser has it in memory. */
export const rowsMax = 1_000_000;
const pageRows = 10_000;

/** What goes into a file. */
export interface Wanted {
  series: readonly { device: string; metric: string; unit: string }[];
  from: number;
  to: number;
  /** null: single readings. */
  bucket: Bucket | null;
}

/** The rows of a file, and whether there were more than a file holds. */
export interface Gathered {
  rows: Row[];
  cut: boolean;
}

/**
 * Reads all rows page by page, series after series, up to `rowsMax`. `progress` is called after each page with the rows so far.
 * Rejects with the errors of the API, and with the reason of the signal if it is aborted.
 */
export async function gather(
  { series, from, to, bucket }: Wanted,
  progress: (rows: number) => void,
  signal: AbortSignal,
): Promise<Gathered> {
  const rows: Row[] = [];
  for (const { device, metric, unit } of series) {
    let cursor: string | null = '';
    while (cursor !== null) {
      signal.throwIfAborted();
      if (rows.length >= rowsMax) return { rows, cut: true };
      const { items, next } = await currentApi().readings(device, {
        metric,
        from: String(Math.floor(from)),
        to: String(Math.ceil(to)),
        limit: String(Math.min(pageRows, rowsMax - rows.length)),
        ...(bucket === null ? {} : { every: bucket.every }),
        ...(cursor === '' ? {} : { cursor }),
      });
      for (const item of items) rows.push({ device, unit, item });
      progress(rows.length);
      cursor = next;
    }
  }
  signal.throwIfAborted();
  return { rows, cut: false };
}

/** The rows as a file. The writer of Parquet is loaded when the first such file is made. */
export async function fileOf(rows: readonly Row[], bucketed: boolean, format: Format): Promise<Blob> {
  const { type } = formats[format];
  switch (format) {
    case 'csv':
      return new Blob([csvHeader(bucketed), ...rows.map(csvLine)], { type });
    case 'json':
      return new Blob(['[\n', ...rows.map((row, i) => `${i === 0 ? '' : ',\n'}${jsonLine(row)}`), '\n]\n'], { type });
    case 'parquet': {
      const { parquetWriteBuffer } = await import('hyparquet-writer');
      return new Blob([parquetWriteBuffer({ columnData: columnsOf(rows, bucketed) })], { type });
    }
    default:
      return format satisfies never;
  }
}

/** Lets the browser save a file. */
export function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then; revoked at once, some browsers save nothing.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
