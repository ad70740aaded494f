import { once } from 'node:events';
import { stringify } from 'csv-stringify';

/** One cell of a row. */
export type Cell = string | number | null;

/** Rows that are written one by one, as CSV (RFC 4180, with LF at the end of a row). */
export interface CsvWriter {
  /** Resolves when there is room for the next row. */
  row(cells: readonly Cell[]): Promise<void>;
  /** Resolves when everything is written. */
  end(): Promise<void>;
}

/** Writes to stdout. It waits for a slow reader, so a long export needs no memory. */
export function csvToStdout(): CsvWriter {
  const rows = stringify();
  rows.pipe(process.stdout, { end: false });
  return {
    async row(cells) {
      if (!rows.write(cells)) await once(rows, 'drain');
    },
    async end() {
      const ended = once(rows, 'end');
      rows.end();
      await ended;
    },
  };
}
