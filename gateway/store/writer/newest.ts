import type { Batch } from '../../columns/batch.js';
import { grown } from '../../columns/growable.js';

/**
 * The newest stored time of each series, by series id. A reading at exactly that time is a repeat and is dropped before
 * the commit. An older reading is stored in the log and compared with the stored ones when the log is read or sealed.
 */
export interface Newest {
  /** Makes room for series ids up to `series`. */
  reserve(series: number): void;
  /** Notes a stored time at the start, in Unix ms. */
  set(series: number, ts: number): void;
  /**
   * Drops repeats from the batch in place, advances, and marks the readings that advance nothing as late. Returns the number of repeats. Times after `timeMax`, Unix ms, advance nothing: one
   * reading of the far future must not keep all later repeats from being found.
   */
  dropRepeats(batch: Batch, timeMax: number): number;
  /** Undoes the last `dropRepeats`, because its batch was not committed. */
  undo(): void;
  /** Forgets times after `timeMax`: they were stored under a clock that was wrong. */
  forgetAfter(timeMax: number): void;
}

export function createNewest(): Newest {
  let newest = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY);
  let undoSeries = new Uint32Array(1024);
  let undoTime = new Float64Array(1024);
  let undoCount = 0;

  function reserve(series: number): void {
    newest = grown(newest, series + 1, Number.NEGATIVE_INFINITY);
  }

  function dropRepeats(batch: Batch, timeMax: number): number {
    const { series, ts, value, frameReadings } = batch;
    const late: number[] = [];
    undoCount = 0;
    undoSeries = grown(undoSeries, batch.readings);
    undoTime = grown(undoTime, batch.readings);
    for (const { id } of batch.declared.series) reserve(id);
    let kept = 0;
    let at = 0;
    for (let frame = 0; frame < batch.frames; frame++) {
      const before = kept;
      for (const end = at + frameReadings[frame]; at < end; at++) {
        const id = series[at];
        const last = newest[id];
        if (ts[at] === last) continue;
        if (!(ts[at] > last) || ts[at] > timeMax) late.push(kept);
        if ((ts[at] > last || last > timeMax) && ts[at] <= timeMax) {
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
    if (late.length > 0) batch.late = Uint32Array.from(late);
    return repeated;
  }

  function undo(): void {
    while (undoCount > 0) {
      undoCount--;
      newest[undoSeries[undoCount]] = undoTime[undoCount];
    }
  }

  return {
    reserve,
    set(series, ts) {
      reserve(series);
      if (ts > newest[series]) newest[series] = ts;
    },
    dropRepeats,
    undo,
    forgetAfter(timeMax) {
      for (let id = 0; id < newest.length; id++) if (newest[id] > timeMax) newest[id] = Number.NEGATIVE_INFINITY;
    },
  };
}
