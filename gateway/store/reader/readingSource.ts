import { scalarOf } from '../../columns/scalar.js';
import type { ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { type Run, runTable } from '../dayFiles/dayFile.js';
import type { DayHandle } from './dayHandles.js';
import type { OpenFile } from './openFile.js';
import { chunked, type Source } from './rowSource.js';

export type Order = ReadingsQuery['order'];

export type WantedSeries = OpenFile['series'][number];

export const overlapping = (runs: Run[], from: number, to: number): Run[] =>
  runs.filter(({ tsMin, tsMax }) => tsMax >= from && tsMin < to);

export const armsOf = (runs: Run[]): string =>
  runs
    .map((run) => `SELECT ts, value FROM ${runTable(run)} WHERE series = :series AND ts >= :from AND ts < :to`)
    .join(' UNION ALL ');

export const direction = (order: Order): string => (order === 'asc' ? 'ASC' : 'DESC');

export function selectReadings({ runs }: OpenFile, from: number, to: number, order: Order): string | null {
  const arms = overlapping(runs, from, to);
  if (arms.length === 0) return null;
  return `${armsOf(arms)} ORDER BY ts ${direction(order)} LIMIT :limit`;
}

export function readingSource(
  file: DayHandle,
  select: string,
  { local, id, kind }: WantedSeries,
  from: number,
  to: number,
  { order, limit: wanted, series: { length } }: ReadingsQuery,
): Source<ReadingRow> {
  // A page of one series is read in one or a few chunks, and a page of many series in small ones. Two more rows show where it ends.
  let limit = Math.min(4_096, Math.max(64, Math.ceil((wanted + 2) / length)));
  const fetch = (low: number, high: number): ReadingRow[] => {
    const rows: ReadingRow[] = [];
    file.each(select, { series: local, from: low, to: high, limit }, (ts, value) => {
      rows.push({ series: id, ts, value: scalarOf(kind, value) });
    });
    return rows;
  };
  return chunked(
    (last) => {
      if (last !== null) limit = Math.min(4_096, 4 * limit);
      if (last === null) return fetch(from, to);
      return order === 'asc' ? fetch(last.ts + 1, to) : fetch(from, last.ts);
    },
    (rows) => rows.length < limit,
  );
}
