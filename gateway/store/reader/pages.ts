import type Database from 'better-sqlite3';
import { type DayFiles, dayMs, dayOf, listDays } from '../dayFiles/days.js';
import type { BucketRow, ReadingRow, ReadingsPage, ReadingsQuery } from '../threads/calls.js';
import { createDayHandles } from './dayHandles.js';
import { createHeap } from './heap.js';
import { openLogScan } from './logScan.js';
import { type BucketPart, type OpenDay, openDay, type Source } from './openDay.js';

/** A page that took so long ends with what it has, so that other queries get their turn. */
const pageMsMax = 250;

/**
 * Pages of readings out of the log and the day files. The log is looked at first and the files after it, so that what is
 * sealed in between is seen twice rather than not at all; of two with the same identity the day file's counts.
 * A page knows nothing of the one before but its last row: a client that leaves costs nothing.
 */
export function createPages(folder: string, logDb: Database.Database) {
  const log = openLogScan(logDb);
  const handles = createDayHandles(() => performance.now());

  function read(query: ReadingsQuery): ReadingsPage {
    const { everyMs } = query;
    return everyMs === null ? readings(query) : buckets(query, everyMs);
  }

  function readings(query: ReadingsQuery): ReadingsPage<ReadingRow> {
    const wanted = query.after === null ? query : startAt(query, query.after.ts, 1);
    const unsealed = log.readings(query, query.limit + 1);
    const rows: ReadingRow[] = [];
    let next = 0;
    for (const files of daysOf(folder, wanted, unsealed)) {
      const upTo = next + countOfDay(unsealed, next, files.day);
      const day = openDay(handles, files, wanted);
      try {
        takeReadings(query, [...day.readingSources(), listSource(unsealed, next, upTo)], rows);
      } finally {
        day.close();
      }
      next = upTo;
      if (rows.length > query.limit) break;
    }
    return { rows: rows.slice(0, query.limit), more: rows.length > query.limit };
  }

  function buckets(query: ReadingsQuery, everyMs: number): ReadingsPage<BucketRow> {
    const deadline = performance.now() + pageMsMax;
    const wanted = query.after === null ? query : startAt(query, query.after.ts, everyMs);
    const unsealed = log.readings(wanted, null);
    const gather = createGathering(query);
    let next = 0;
    for (const files of daysOf(folder, wanted, unsealed)) {
      const upTo = next + countOfDay(unsealed, next, files.day);
      const day = openDay(handles, files, wanted);
      try {
        const parts = unsealedParts(unsealed.slice(next, upTo), day, everyMs);
        const sources = [...day.bucketSources(everyMs), listSource(parts, 0, parts.length)];
        if (!gather.take(sources, deadline)) return gather.page(true);
      } finally {
        day.close();
      }
      next = upTo;
    }
    return gather.finish();
  }

  return {
    read,
    /** To be called every second or so: the next query then finds little that is new. */
    tidy(): void {
      handles.closeIdle();
      try {
        log.catchUp();
      } catch {
        // What is wrong with the file is told to the next query.
      }
    },
    close: handles.closeAll,
  };
}

/** The query from where the page before ended; a bucket or a moment that it ended in is looked at again. */
function startAt(query: ReadingsQuery, ts: number, width: number): ReadingsQuery {
  return query.order === 'asc'
    ? { ...query, from: Math.max(query.from, ts) }
    : { ...query, to: Math.min(query.to, ts + width) };
}

/** The days in range of which there is anything, in the query's order. */
function daysOf(folder: string, { from, to, order }: ReadingsQuery, unsealed: readonly ReadingRow[]): DayFiles[] {
  const stored = listDays(folder).filter(({ day }) => (day + 1) * dayMs > from && day * dayMs < to);
  const known = new Set(stored.map(({ day }) => day));
  for (const { ts } of unsealed) {
    const day = dayOf(ts);
    if (known.has(day)) continue;
    known.add(day);
    stored.push({ day, readings: null, late: null, rollup: null });
  }
  return stored.sort((a, b) => (order === 'asc' ? a.day - b.day : b.day - a.day));
}

function countOfDay(rows: readonly ReadingRow[], from: number, day: number): number {
  let count = 0;
  while (from + count < rows.length && dayOf(rows[from + count].ts) === day) count++;
  return count;
}

function listSource<Row>(rows: readonly Row[], from: number, to: number): Source<Row> {
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
function merged<Row extends { ts: number; series: number }>(order: ReadingsQuery['order'], sources: Source<Row>[]) {
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

function isBehind({ order, after }: ReadingsQuery, { ts, series }: { ts: number; series: number }): boolean {
  if (after === null) return true;
  return (order === 'asc' ? 1 : -1) * (ts - after.ts || series - after.series) > 0;
}

function takeReadings(query: ReadingsQuery, sources: Source<ReadingRow>[], into: ReadingRow[]): void {
  const rows = merged(query.order, sources);
  for (let row = rows.next(); row !== null && into.length <= query.limit; row = rows.next()) {
    const last = into.at(-1);
    const repeats = last !== undefined && last.ts === row.ts && last.series === row.series;
    if (!repeats && isBehind(query, row)) into.push({ series: row.series, ts: row.ts, value: row.value });
  }
}

function unsealedParts(rows: ReadingRow[], day: OpenDay, everyMs: number): BucketPart[] {
  if (rows.length === 0) return [];
  const isStored = day.createStored();
  return rows
    .filter(({ series, ts }) => !isStored(series, ts))
    .map(({ series, ts, value }) => {
      const number = typeof value === 'number' ? value : null;
      const bucket = Math.floor(ts / everyMs) * everyMs;
      const amounts = { count: 1, min: number, max: number, sum: number, first: value, last: value };
      return { series, ts: bucket, ...amounts, firstAt: ts, lastAt: ts };
    });
}

/** Puts the parts of each bucket together; a bucket is done when one of another time comes, which may be on the next day. */
function createGathering(query: ReadingsQuery) {
  const sign = query.order === 'asc' ? 1 : -1;
  const rows: BucketRow[] = [];
  const open = new Map<number, BucketPart>();

  function flush(): void {
    const parts = [...open.values()].sort((a, b) => sign * (a.series - b.series));
    open.clear();
    for (const { firstAt: _, lastAt: __, ...row } of parts) if (isBehind(query, row)) rows.push(row);
  }

  function page(more: boolean): ReadingsPage<BucketRow> {
    return { rows: rows.slice(0, query.limit), more: more || rows.length > query.limit };
  }

  return {
    page,
    /** False once the page is full, or has taken long enough. */
    take(sources: Source<BucketPart>[], deadline: number): boolean {
      const parts = merged(query.order, sources);
      for (let part = parts.next(); part !== null; part = parts.next()) {
        const current = open.values().next().value;
        if (current !== undefined && current.ts !== part.ts) {
          flush();
          if (rows.length > query.limit || (rows.length > 0 && performance.now() > deadline)) return false;
        }
        const known = open.get(part.series);
        if (known === undefined) open.set(part.series, { ...part });
        else combine(known, part);
      }
      return true;
    },
    finish(): ReadingsPage<BucketRow> {
      flush();
      return page(false);
    },
  };
}

function combine(into: BucketPart, part: BucketPart): void {
  into.count += part.count;
  into.min = least(into.min, part.min, Math.min);
  into.max = least(into.max, part.max, Math.max);
  into.sum = least(into.sum, part.sum, (a, b) => a + b);
  if (part.firstAt < into.firstAt) {
    into.firstAt = part.firstAt;
    into.first = part.first;
  }
  if (part.lastAt > into.lastAt) {
    into.lastAt = part.lastAt;
    into.last = part.last;
  }
}

const least = (a: number | null, b: number | null, of: (a: number, b: number) => number): number | null =>
  a === null || b === null ? (a ?? b) : of(a, b);
