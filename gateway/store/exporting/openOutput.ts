import type { ExportFormat } from '../../domain/exports.js';
import type { DayOutput } from './dayOutput.js';
import { openParquetOutput } from './parquetOutput.js';
import { openSqliteOutput } from './sqliteOutput.js';
import { openTextOutput } from './textOutput.js';

/** Makes the file, which must not exist. */
export function openDayOutput(format: ExportFormat, path: string): DayOutput {
  switch (format) {
    case 'parquet':
      return openParquetOutput(path);
    case 'csv':
    case 'ndjson':
      return openTextOutput(path, format);
    case 'sqlite':
      return openSqliteOutput(path);
    default:
      return format satisfies never;
  }
}
