import type { ExportFormat } from '../../domain/exports.js';
import type { DayBlock } from './dayReadings.js';

/** The file that the readings of a day are written into. */
export interface DayOutput {
  /** Blocks come by device, metric and time. */
  add(block: DayBlock): void;
  /** Writes what is left and closes the file. */
  end(): void;
  /** Closes the file, which is removed then. */
  abandon(): void;
}

/** The ends of the names of exported files. */
export const extensionOf = {
  parquet: '.parquet',
  csv: '.csv',
  ndjson: '.ndjson',
  sqlite: '.sqlite',
} as const satisfies Record<ExportFormat, string>;
