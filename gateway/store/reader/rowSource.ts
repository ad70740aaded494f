import type { BucketRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { createHeap } from './heap.js';

/** Rows of one series and file in order, fetched in chunks. */
export interface Source<Row> {
  /** The present row; null once there are no more. */
  row: Row | null;
  advance(): void;
}

/** A bucket's part of one source. `firstAt` and `lastAt` are when its first and last reading were. */
export interface BucketPart extends BucketRow {
  firstAt: number;
  lastAt: number;
}

/** A source that fetches its next rows, given the last one it had; `isLast` tells a chunk that no other follows. */
export function chunked<Row>(fetch: (last: Row | null) => Row[] | null, isLast: (rows: Row[]) => boolean): Source<Row> {
  let rows: Row[] = [];
  let at = 0;
  let ended = false;
  const source: Source<Row> = {
    row: null,
    advance(): void {
      at++;
      while (at >= rows.length && !ended) {
        const next = fetch(rows.at(-1) ?? null);
        ended = next === null || isLast(next);
        rows = next ?? [];
        at = 0;
      }
      source.row = at < rows.length ? rows[at] : null;
    },
  };
  source.advance();
  return source;
}

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

/** Sources in the query's order; of equal ones the first given is first. */
export function merged<Row extends { ts: number; series: number }>(
  order: ReadingsQuery['order'],
  sources: Source<Row>[],
) {
  const sign = order === 'asc' ? 1 : -1;
  const rank = new Map(sources.map((source, i) => [source, i]));
  const heap = createHeap<Source<Row>>((a, b) => {
    const [left, right] = [a.row as Row, b.row as Row];
    const by = sign * (left.ts - right.ts || left.series - right.series);
    return by !== 0 ? by < 0 : (rank.get(a) as number) < (rank.get(b) as number);
  });
  for (const source of sources) if (source.row !== null) heap.add(source);
  return {
    next(): Row | null {
      const source = heap.top();
      if (source === undefined) return null;
      const { row } = source;
      source.advance();
      if (source.row === null) heap.removeTop();
      else heap.topChanged();
      return row;
    },
  };
}

export function isBehind({ order, after }: ReadingsQuery, { ts, series }: { ts: number; series: number }): boolean {
  if (after === null) return true;
  return (order === 'asc' ? 1 : -1) * (ts - after.ts || series - after.series) > 0;
}
