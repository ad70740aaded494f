import { type Scalar, type Series, seriesKinds } from '../domain/series.js';
import type { ReadingColumns } from './readingColumns.js';

export type Latest = ReturnType<typeof createLatest>;

/** The newest reading of every series, by series id. Of two at the same time the first taken counts. */
export function createLatest() {
  let ts = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY);
  let value = new Float64Array(1024);
  const text = new Map<number, string>();

  /** Room for series ids up to `id`; to be called when the series is made, before its readings are taken. */
  function reserve(id: number): void {
    if (id < ts.length) return;
    const size = Math.max(id + 1, 2 * ts.length);
    const moreTs = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    const moreValue = new Float64Array(size);
    moreTs.set(ts);
    moreValue.set(value);
    ts = moreTs;
    value = moreValue;
  }

  function take(columns: ReadingColumns, isString: (series: number) => boolean): void {
    const { readings, series, ts: times, value: values, strings } = columns;
    for (let i = 0; i < readings; i++) {
      const id = series[i];
      if (times[i] <= ts[id]) continue;
      ts[id] = times[i];
      value[id] = values[i];
      if (strings.length > 0 && isString(id)) text.set(id, strings[values[i]]);
    }
  }

  /** One column set with the newest reading of each series, to be taken elsewhere. */
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
    if (kind === seriesKinds.string) return { ts: ts[id], value: text.get(id) ?? '' };
    return { ts: ts[id], value: kind === seriesKinds.boolean ? value[id] === 1 : value[id] };
  }

  return { reserve, take, columns, get };
}
