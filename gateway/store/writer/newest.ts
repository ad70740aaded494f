import type { Batch } from '../../columns/batch.js';

/**
 * The newest stored time of each series, by series id. A reading at exactly that time repeats it and is taken out before
 * the commit; one further back is stored in the log and compared with its past when the log is read or sealed.
 */
export function createNewest() {
  let newest = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY);
  let undoSeries = new Uint32Array(1024);
  let undoTime = new Float64Array(1024);
  let undoCount = 0;

  function reserve(series: number): void {
    if (series < newest.length) return;
    const grown = new Float64Array(Math.max(series + 1, 2 * newest.length)).fill(Number.NEGATIVE_INFINITY);
    grown.set(newest);
    newest = grown;
  }

  /** Takes repeats out of the batch, in place, and advances. Returns how many. `undo` takes it all back. */
  function dropRepeats(batch: Batch): number {
    const { series, ts, value, frameReadings } = batch;
    if (undoSeries.length < batch.readings) {
      undoSeries = new Uint32Array(batch.series.length);
      undoTime = new Float64Array(batch.series.length);
    }
    undoCount = 0;
    for (const { id } of batch.declared.series) reserve(id);
    let kept = 0;
    let at = 0;
    for (let frame = 0; frame < batch.frames; frame++) {
      const before = kept;
      for (const end = at + frameReadings[frame]; at < end; at++) {
        const id = series[at];
        const last = newest[id];
        if (ts[at] === last) continue;
        if (ts[at] > last) {
          undoSeries[undoCount] = id;
          undoTime[undoCount++] = last;
          newest[id] = ts[at];
        }
        if (kept !== at) {
          series[kept] = id;
          ts[kept] = ts[at];
          value[kept] = value[at];
        }
        kept++;
      }
      frameReadings[frame] = kept - before;
    }
    const repeated = batch.readings - kept;
    batch.readings = kept;
    return repeated;
  }

  /** Goes back to before the last `dropRepeats`: its batch was not committed. */
  function undo(): void {
    while (undoCount > 0) {
      undoCount--;
      newest[undoSeries[undoCount]] = undoTime[undoCount];
    }
  }

  return {
    dropRepeats,
    undo,
    /** At start, from what is stored. */
    set(series: number, ts: number): void {
      reserve(series);
      if (ts > newest[series]) newest[series] = ts;
    },
    reserve,
  };
}
