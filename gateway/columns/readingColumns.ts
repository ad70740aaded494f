// This folder has readings and frames as typed arrays, for all parts that handle many of them. It knows neither SQLite nor sockets.

import { grown } from './growable.js';

/**
 * Readings as columns: series id, Unix ms, and a number (a boolean as 0 or 1; for a string its index in `strings`). The arrays may
 * be longer than `readings` says.
 */
export interface ReadingColumns {
  readings: number;
  series: Uint32Array<ArrayBuffer>;
  ts: Float64Array<ArrayBuffer>;
  value: Float64Array<ArrayBuffer>;
  strings: string[];
  /**
   * The indexes of readings that are not newer than what was stored of their series before them, ascending. Each may be a repeat of a
   * stored reading. Without it there is none.
   */
  late?: Uint32Array<ArrayBuffer>;
}

export function createColumns(size: number): ReadingColumns {
  return {
    readings: 0,
    series: new Uint32Array(size),
    ts: new Float64Array(size),
    value: new Float64Array(size),
    strings: [],
  };
}

/** Makes room for `more` readings, so that a loop may write without asking. */
export function reserveReadings(columns: ReadingColumns, more: number): void {
  const needed = columns.readings + more;
  if (needed <= columns.series.length) return;
  columns.series = grown(columns.series, needed);
  columns.ts = grown(columns.ts, needed);
  columns.value = grown(columns.value, needed);
}
