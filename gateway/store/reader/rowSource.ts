import type { BucketRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { createHeap } from '../dayFiles/heap.js';

/** Rows of one series and file in order, fetched in chunks. */
export interface Source<Row> {
  /** The current row, or null after the last one. */
  row: Row | null;
  advance(): void;
}

/** The part of a bucket from one source. `firstAt` and `lastAt` are the times of its first and last reading. */
export interface BucketPart extends BucketRow {
  firstAt: number;
  lastAt: number;
}

/** A source that fetches rows in portions, until there are none. */
export function portioned<Row>(fetch: () => Row[] | null): Source<Row> {
  let rows: Row[] = [];
  let at = 0;
  let ended = false;
  const source: Source<Row> = {
    row: null,
    advance(): void {
      at++;
      while (at >= rows.length && !ended) {
        const next = fetch();
        ended = next === null;
        rows = next ?? [];
        at = 0;
      }
      source.row = at < rows.length ? rows[at] : null;
    },
  };
  source.advance();
  return source;
}

/** A source of the rows `from` up to `to` of a list. */
export function listSource<Row>(rows: readonly Row[], from: number, to: number): Source<Row> {
  let at = from;
  const source: Source<Row> = {
    row: at < to ? rows[at] : null,
    advance(): void {
      at++;
      source.row = at < to ? rows[at] : null;
    },
  };
  return source;
}

/** A source with its current row, and its place among the sources. */
interface Ranked<Row> {
  source: Source<Row>;
  row: Row;
  rank: number;
}

/** Merges sources in the query's order. Of equal rows the one of the first given source comes first. `next` is null at the end. */
export function merged<Row extends { ts: number; series: number }>(
  order: ReadingsQuery['order'],
  sources: Source<Row>[],
): { next(): Row | null } {
  const sign = order === 'asc' ? 1 : -1;
  const heap = createHeap<Ranked<Row>>((a, b) => {
    const by = sign * (a.row.ts - b.row.ts || a.row.series - b.row.series);
    return by !== 0 ? by < 0 : a.rank < b.rank;
  });
  sources.forEach((source, rank) => {
    if (source.row !== null) heap.add({ source, row: source.row, rank });
  });
  return {
    next() {
      const top = heap.top();
      if (top === undefined) return null;
      const { source, row } = top;
      source.advance();
      if (source.row === null) heap.removeTop();
      else {
        top.row = source.row;
        heap.topChanged();
      }
      return row;
    },
  };
}

/** Whether the row comes after the last row of the page before. */
export function isBehind({ order, after }: ReadingsQuery, { ts, series }: { ts: number; series: number }): boolean {
  if (after === null) return true;
  return (order === 'asc' ? 1 : -1) * (ts - after.ts || series - after.series) > 0;
}
