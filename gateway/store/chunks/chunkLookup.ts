import { columnStatement, type Preparing, tupleStatement } from '../sqlite/statement.js';
import { at, type ChunkRow, createReadings, lastTimeOf, readingsMax, unpack, unpackTimes } from './chunk.js';
import { chunkColumns } from './chunkTable.js';
import { DamagedChunkError } from './packing.js';

/** A reading as a day file has it: a boolean is 0 or 1. */
export interface StoredReading {
  /** Unix ms. */
  ts: number;
  value: number | string;
}

/** Looks up single readings of one run. What a damaged chunk has is not found. */
export interface RunLookup {
  has(series: number, ts: number): boolean;
  /** The time of the newest reading of the series, or null. */
  newestTime(series: number): number | null;
  newest(series: number): StoredReading | null;
}

/** The last chunk that was looked into stays unpacked, because whoever looks up many readings has them in order. */
export function openChunkLookup(db: Preparing, run: number): RunLookup {
  const before = tupleStatement<ChunkRow, [run: number, series: number, ts: number]>(
    db,
    `SELECT ${chunkColumns} FROM chunk WHERE run = ? AND series = ? AND t0 <= ? ORDER BY t0 DESC LIMIT 1`,
  );
  const newestTime = columnStatement<number, [run: number, series: number]>(
    db,
    'SELECT t0 + span FROM chunk WHERE run = ? AND series = ? ORDER BY t0 DESC LIMIT 1',
  );
  const times = new Float64Array(readingsMax);
  let [series, from, to, n] = [-1, 0, 0, 0];

  function load(wanted: number, ts: number): void {
    const row = before.get(run, wanted, ts);
    [series, from, to, n] = [wanted, ts, ts, 0];
    if (row === undefined) return;
    if (ts > lastTimeOf(row)) {
      from = lastTimeOf(row) + 1;
      return;
    }
    [from, to] = [row[at.t0], lastTimeOf(row)];
    try {
      unpackTimes(row, times);
      n = row[at.n];
    } catch (error) {
      if (!(error instanceof DamagedChunkError)) throw error;
    }
  }

  return {
    has(wanted, ts) {
      if (wanted !== series || ts < from || ts > to) load(wanted, ts);
      return n > 0 && holds(times, n, ts);
    },
    newestTime: (wanted) => newestTime.get(run, wanted) ?? null,
    newest(wanted) {
      const row = before.get(run, wanted, Number.MAX_SAFE_INTEGER);
      if (row === undefined) return null;
      const readings = createReadings(readingsMax);
      try {
        unpack(row, readings);
      } catch (error) {
        if (error instanceof DamagedChunkError) return null;
        throw error;
      }
      const last = readings.count - 1;
      return { ts: readings.ts[last], value: readings.texts[last] ?? readings.value[last] };
    },
  };
}

/** Whether the first n of these ascending times have this one. */
function holds(times: Float64Array, n: number, ts: number): boolean {
  let [low, high] = [0, n];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < ts) low = middle + 1;
    else high = middle;
  }
  return low < n && times[low] === ts;
}
