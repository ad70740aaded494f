import { columnsOf, csvHeader, csvLine, jsonLine, type Row } from './rows.js';

/** The forms of a file. */
export const formats = {
  csv: { name: 'CSV', type: 'text/csv' },
  json: { name: 'JSON', type: 'application/json' },
  parquet: { name: 'Parquet', type: 'application/vnd.apache.parquet' },
} as const;
export type Format = keyof typeof formats;

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
