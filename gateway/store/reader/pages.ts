import type Database from 'better-sqlite3';
import { errorOf } from '../../../schemas/errors.js';
import type { BucketRow, DamagedSpan, ReadingRow, ReadingsPage, ReadingsQuery } from '../../domain/readingsQuery.js';
import { DayFileError, isDamage } from '../dayFiles/damage.js';
import { type DayFiles, dayMs, dayOf, listDays } from '../dayFiles/days.js';
import { createDayHandles, type DayHandles } from './dayHandles.js';
import { createGathering, unsealedParts } from './gather.js';
import { openLogScan } from './logScan.js';
import { type OpenDay, openDay } from './openDay.js';
import { isBehind, listSource, merged, type Source } from './rowSource.js';

/** A page that takes longer than this ends with the rows that it has, so that other queries can run. */
const pageMsMax = 250;

/**
 * Pages of readings from the log and the day files. The log is read first and the files after it, so that a reading that is sealed in
 * between is seen twice and not missed. Of two readings with the same identity the day file's counts. A page knows only the last row of
 * the page before, so a client that disconnects leaves nothing open.
 */
export interface Pages {
  /**
   * Throws LogTooLongError if buckets are wanted and too many readings of the device are unsealed; DayFileError if a file is damaged.
   */
  read(query: ReadingsQuery): ReadingsPage;
  /** To be called about every second, so that the next query is faster. */
  tidy(): void;
  close(): void;
}

export function createPages(folder: string, logDb: Database.Database): Pages {
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
    const damaged: DamagedSpan[] = [];
    let next = 0;
    for (const files of daysOf(folder, wanted, unsealed)) {
      const upTo = next + countOfDay(unsealed, next, files.day);
      const from = next;
      inDay(handles, files, wanted, damaged, (day) =>
        takeReadings(query, [...day.readingSources(), listSource(unsealed, from, upTo)], rows),
      );
      next = upTo;
      if (rows.length > query.limit) break;
    }
    return { rows: rows.slice(0, query.limit), more: rows.length > query.limit, damaged };
  }

  function buckets(query: ReadingsQuery, everyMs: number): ReadingsPage<BucketRow> {
    const deadline = performance.now() + pageMsMax;
    const wanted = query.after === null ? query : startAt(query, query.after.ts, everyMs);
    const unsealed = log.readings(wanted, null);
    const damaged: DamagedSpan[] = [];
    const gather = createGathering(query, damaged);
    let next = 0;
    for (const files of daysOf(folder, wanted, unsealed)) {
      const upTo = next + countOfDay(unsealed, next, files.day);
      const rows = unsealed.slice(next, upTo);
      const isWhole = inDay(handles, files, wanted, damaged, (day) => {
        const parts = unsealedParts(rows, day, everyMs);
        return gather.take([...day.bucketSources(everyMs), listSource(parts, 0, parts.length)], deadline);
      });
      if (!isWhole) return gather.page(true);
      next = upTo;
    }
    return gather.finish();
  }

  return {
    read,
    tidy() {
      handles.closeIdle();
      try {
        log.catchUp();
      } catch {
        // The next query reports the error of the file.
      }
    },
    close: handles.closeAll,
  };
}

/** Uses the files of one day. An error that comes from damage names the day; a damaged chunk is left out and told. */
function inDay<Result>(
  handles: DayHandles,
  files: DayFiles,
  query: ReadingsQuery,
  damaged: DamagedSpan[],
  use: (day: OpenDay) => Result,
): Result {
  try {
    const metrics = new Map(query.series.map(({ id, metric }) => [id, metric]));
    const day = openDay(handles, files, query, ({ id }, from, to) => {
      damaged.push({ metric: metrics.get(id) as string, from, to });
    });
    try {
      return use(day);
    } finally {
      day.close();
    }
  } catch (error) {
    throw isDamage(error) ? new DayFileError(files.day, errorOf(error)) : error;
  }
}

/** The query from the end of the page before. The last bucket or time of that page is read again. */
function startAt(query: ReadingsQuery, ts: number, width: number): ReadingsQuery {
  return query.order === 'asc'
    ? { ...query, from: Math.max(query.from, ts) }
    : { ...query, to: Math.min(query.to, ts + width) };
}

/** The days in range that have files, in the query's order. */
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

function takeReadings(query: ReadingsQuery, sources: Source<ReadingRow>[], into: ReadingRow[]): void {
  const rows = merged(query.order, sources);
  for (let row = rows.next(); row !== null && into.length <= query.limit; row = rows.next()) {
    const last = into.at(-1);
    const repeats = last !== undefined && last.ts === row.ts && last.series === row.series;
    if (!repeats && isBehind(query, row)) into.push({ series: row.series, ts: row.ts, value: row.value });
  }
}
