/** Readings as columns: series id, Unix ms, and a number (a boolean as 0 or 1; for a string its index in `strings`). */
export interface ReadingColumns {
  readings: number;
  series: Uint32Array;
  ts: Float64Array;
  value: Float64Array;
  strings: string[];
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

export function reserve(columns: ReadingColumns, more: number): ReadingColumns {
  const needed = columns.readings + more;
  if (needed <= columns.series.length) return columns;
  const grown = createColumns(Math.max(needed, 2 * columns.series.length));
  grown.series.set(columns.series);
  grown.ts.set(columns.ts);
  grown.value.set(columns.value);
  grown.readings = columns.readings;
  grown.strings = columns.strings;
  return grown;
}
