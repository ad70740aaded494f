import type { ReadingsQuery } from '../../domain/readingsQuery.js';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import {
  at,
  type ChunkRow,
  createReadings,
  lastTimeOf,
  readingsMax,
  reserveSeriesReadings,
  type SeriesReadings,
  unpack,
} from '../chunks/chunk.js';
import { type ChunkReads, openChunkReads } from '../chunks/chunkTable.js';
import { DamagedChunkError } from '../chunks/packing.js';
import { isDamage } from '../dayFiles/damage.js';
import type { Run } from '../dayFiles/dayTables.js';
import { rowTable } from '../dayFiles/rowRuns.js';
import { tupleStatement } from '../sqlite/statement.js';
import type { OpenFile } from './openFile.js';

export type Order = ReadingsQuery['order'];

export type WantedSeries = OpenFile['series'][number];

/** Some readings of one series: those of indexes [from, to) of `readings`, ascending by time. */
export interface Block {
  readings: SeriesReadings;
  from: number;
  to: number;
}

/**
 * The readings of one series in a lane, as blocks in the order of the query. The block is valid until the next call, and null comes
 * after the last one. A chunk that is damaged is left out, and told to `damaged`.
 */
export type Blocks = () => Block | null;

/** Is told that the readings of a series from one time to another, both Unix ms, are damaged. */
export type TellDamaged = (series: WantedSeries, from: number, to: number) => void;

export interface BlockOptions {
  file: OpenFile;
  series: WantedSeries;
  from: number;
  to: number;
  order: Order;
  damaged: TellDamaged;
}

/**
 * The runs that may have readings of [from, to), in lanes: the runs of a lane follow each other in time, so that one is read after
 * another. Seals follow each other in time, so there are mostly one or two lanes.
 */
export function lanesOf(runs: readonly Run[], from: number, to: number, order: Order): Run[][] {
  const lanes: Run[][] = [];
  const wanted = runs.filter(({ tsMin, tsMax }) => tsMax >= from && tsMin < to).sort((a, b) => a.tsMin - b.tsMin);
  for (const run of wanted) {
    const lane = lanes.find((before) => (before.at(-1) as Run).tsMax < run.tsMin);
    if (lane === undefined) lanes.push([run]);
    else lane.push(run);
  }
  if (order === 'desc') for (const lane of lanes) lane.reverse();
  return lanes;
}

/**
 * The blocks until SQLite finds its pages damaged. What comes after in the query's order cannot be found, and is told as damaged up to the
 * end of the span.
 */
export function readableBlocks(open: () => Blocks, { series, from, to, order, damaged }: BlockOptions): Blocks {
  let blocks: Blocks | null = null;
  let reached = order === 'asc' ? from : to - 1;
  return () => {
    try {
      blocks ??= open();
      const block = blocks();
      if (block !== null)
        reached = order === 'asc' ? block.readings.ts[block.to - 1] + 1 : block.readings.ts[block.from] - 1;
      return block;
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (order === 'asc') damaged(series, reached, to - 1);
      else damaged(series, from, reached);
      blocks = () => null;
      return null;
    }
  };
}

/** Chunks of the first read of a lane. The next ones take four times as many each, up to the second number. */
const [firstRead, largestRead] = [1, 64];

export function openBlocks(lane: readonly Run[], options: BlockOptions): Blocks {
  // A device of many series and lanes has as many of these, so that they begin small.
  const readings = createReadings(0);
  const next = options.file.ofRows ? openRowReads(options, readings) : openPackedReads(options, readings);
  let index = 0;
  return () => {
    for (; index < lane.length; index++) {
      const block = next(lane[index]);
      if (block !== null) return block;
    }
    return null;
  };
}

/** The next block of a run, or null after its last one. */
type RunReads = (run: Run) => Block | null;

function openPackedReads({ file, series, from, to, order, damaged }: BlockOptions, readings: SeriesReadings): RunReads {
  const reads = openChunkReads(file.file);
  let run = -1;
  let rows: ChunkRow[] = [];
  let index = 0;
  let limit = firstRead;

  function read(of: number): boolean {
    const last = of === run ? rows.at(-1) : undefined;
    if (last !== undefined && rows.length < limit) return false;
    if (last !== undefined) limit = Math.min(largestRead, 4 * limit);
    rows = readFrom(reads, { run: of, series: series.local, from, to, limit }, order, last);
    [run, index] = [of, 0];
    return rows.length > 0;
  }

  return (wanted) => {
    for (;;) {
      if (wanted.id !== run || index >= rows.length) if (!read(wanted.id)) return null;
      const row = rows[index++];
      readings.count = 0;
      reserveSeriesReadings(readings, Math.min(row[at.n], readingsMax));
      try {
        unpack(row, readings);
      } catch (error) {
        if (!(error instanceof DamagedChunkError)) throw error;
        if (lastTimeOf(row) >= from) damaged(series, row[at.t0], lastTimeOf(row));
        continue;
      }
      const block = trimmed(readings, from, to);
      if (block.to > block.from) return block;
    }
  };
}

function readFrom(
  reads: ChunkReads,
  span: Parameters<ChunkReads['ascending']>[0],
  order: Order,
  last: ChunkRow | undefined,
): ChunkRow[] {
  if (order === 'desc') return reads.descending(last === undefined ? span : { ...span, to: last[at.t0] });
  return last === undefined ? reads.ascending(span) : reads.ascendingAfter({ ...span, from: last[at.t0] });
}

function trimmed(readings: SeriesReadings, from: number, to: number): Block {
  const block = { readings, from: 0, to: readings.count };
  while (block.from < block.to && readings.ts[block.from] < from) block.from++;
  while (block.to > block.from && readings.ts[block.to - 1] >= to) block.to--;
  return block;
}

/** Rows of Tidegate 0.1. */
function openRowReads({ file, series, from, to, order }: BlockOptions, readings: SeriesReadings): RunReads {
  let run = -1;
  let [low, high] = [from, to];
  return ({ id }) => {
    if (id !== run) [run, low, high] = [id, from, to];
    const select = tupleStatement<[ts: number, value: number | string], [number, number, number]>(
      file.file,
      `SELECT ts, value FROM ${rowTable(id)} WHERE series = ? AND ts >= ? AND ts < ? ORDER BY ts ${order} LIMIT ${readingsMax}`,
    );
    const rows = select.all(series.local, low, high);
    if (rows.length === 0) return null;
    if (order === 'asc') low = (rows.at(-1) as (typeof rows)[number])[0] + 1;
    else {
      high = (rows.at(-1) as (typeof rows)[number])[0];
      rows.reverse();
    }
    put(rows, readings, series.kind);
    return { readings, from: 0, to: rows.length };
  };
}

function put(rows: readonly [number, number | string][], into: SeriesReadings, kind: SeriesKind): void {
  into.count = 0;
  reserveSeriesReadings(into, rows.length);
  into.count = rows.length;
  rows.forEach(([ts, value], i) => {
    into.ts[i] = ts;
    if (kind === seriesKinds.string) into.texts[i] = value as string;
    else into.value[i] = value as number;
  });
}
