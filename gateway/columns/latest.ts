import { type Scalar, type Series, seriesKinds } from '../domain/series.js';
import { grown } from './growable.js';
import type { ReadingColumns } from './readingColumns.js';
import { scalarOf } from './scalar.js';

/**
 * The newest reading of every series, by series id. Of two readings at the same time the first that came counts. A reading that lies
 * further ahead of the clock than the rules allow is never the newest: it would be until that time has come.
 */
export interface Latest {
  /** Makes room for series ids up to `id`; to be called when the series is made, before its readings come. */
  reserve(id: number): void;
  /**
   * Takes the readings that are newer than those of their series. `isString` says which series have strings. `timeMax`, Unix ms, is
   * the latest time that is possible when they are taken; a reading beyond it, which a wrong clock let in, gives way.
   */
  take(columns: ReadingColumns, isString: (series: number) => boolean, timeMax: number): void;
  /** Forgets the readings after `timeMax`. */
  forgetAfter(timeMax: number): void;
  /** The newest reading of each series, as columns of their own memory. */
  columns(): ReadingColumns;
  /** Null if the series has no reading. */
  get(series: Series): { ts: number; value: Scalar } | null;
}

export function createLatest(): Latest {
  let ts = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY);
  let value = new Float64Array(1024);
  const text = new Map<number, string>();

  function reserve(id: number): void {
    if (id < ts.length) return;
    ts = grown(ts, id + 1, Number.NEGATIVE_INFINITY);
    value = grown(value, id + 1);
  }

  function take(columns: ReadingColumns, isString: (series: number) => boolean, timeMax: number): void {
    const { readings, series, ts: times, value: values, strings } = columns;
    for (let i = 0; i < readings; i++) {
      const id = series[i];
      if (times[i] > timeMax || (times[i] <= ts[id] && ts[id] <= timeMax)) continue;
      ts[id] = times[i];
      value[id] = values[i];
      if (strings.length > 0 && isString(id)) text.set(id, strings[values[i]]);
    }
  }

  function forgetAfter(timeMax: number): void {
    for (let id = 0; id < ts.length; id++) {
      if (ts[id] <= timeMax) continue;
      ts[id] = Number.NEGATIVE_INFINITY;
      text.delete(id);
    }
  }

  function columns(): ReadingColumns {
    let readings = 0;
    for (let id = 0; id < ts.length; id++) if (ts[id] > Number.NEGATIVE_INFINITY) readings++;
    const [series, times, values] = [new Uint32Array(readings), new Float64Array(readings), new Float64Array(readings)];
    const strings: string[] = [];
    for (let id = 0, at = 0; id < ts.length; id++) {
      if (ts[id] === Number.NEGATIVE_INFINITY) continue;
      const string = text.size === 0 ? undefined : text.get(id);
      series[at] = id;
      times[at] = ts[id];
      values[at++] = string === undefined ? value[id] : strings.push(string) - 1;
    }
    return { readings, series, ts: times, value: values, strings };
  }

  function get({ id, kind }: Series): { ts: number; value: Scalar } | null {
    if (id >= ts.length || ts[id] === Number.NEGATIVE_INFINITY) return null;
    const stored = kind === seriesKinds.string ? (text.get(id) ?? '') : value[id];
    return { ts: ts[id], value: scalarOf(kind, stored) };
  }

  return { reserve, take, forgetAfter, columns, get };
}
