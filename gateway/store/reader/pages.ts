import type Database from 'better-sqlite3';
import type { BucketRow, DamagedSpan, ReadingRow, ReadingsPage, ReadingsQuery } from '../../domain/readingsQuery.js';
import { DayFileError, isDamage } from '../dayFiles/damage.js';
import { type DayFiles, dayMs, dayOf, listDays } from '../dayFiles/days.js';
import { expiredDay } from '../logDb/foldTables.js';
import { openMeta } from '../sqlite/meta.js';
import { createDayHandles, type DayHandles } from './dayHandles.js';
import { createGathering, partsOfDay } from './gather.js';
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
   * Throws LogTooLongError if buckets are wanted and too many readings of the device are unsealed; DayFileError if nothing was found
   * and a file of a wanted day cannot be read. What is damaged beside other readings is named in the page.
   */
  read(query: ReadingsQuery): ReadingsPage;
  /** To be called about every second, so that the next query is faster. */
  tidy(): void;
  close(): void;
}

export function createPages(folder: string, logDb: Database.Database, now = () => performance.now()): Pages {
  const log = openLogScan(logDb);
  const handles = createDayHandles(now);
  const meta = openMeta(logDb);
  const use = createDays(handles, () => expiredDay(meta));

  function read(query: ReadingsQuery): ReadingsPage {
    const { everyMs } = query;
    return everyMs === null ? readings(query) : buckets(query, everyMs);
  }

  function readings(query: ReadingsQuery): ReadingsPage<ReadingRow> {
    const wanted = query.after === null ? query : startAt(query, query.after.ts, 1);
    const unsealed = log.readings(query, query.limit + 1);
    const rows: ReadingRow[] = [];
    const found = nothingFound(query);
    const { damaged } = found;
    let next = 0;
    for (const files of daysOf(folder, wanted, unsealed)) {
      const upTo = next + countOfDay(unsealed, next, files.day);
      const from = next;
      use(files, wanted, found, (day) =>
        takeReadings(query, [...day.readingSources(), listSource(unsealed, from, upTo)], rows),
      );
      next = upTo;
      if (rows.length > query.limit) break;
    }
    refuseNothing(found, rows);
    return { rows: rows.slice(0, query.limit), more: rows.length > query.limit, damaged };
  }

  function buckets(query: ReadingsQuery, everyMs: number): ReadingsPage<BucketRow> {
    const deadline = now() + pageMsMax;
    const wanted = query.after === null ? query : startAt(query, query.after.ts, everyMs);
    const unsealed = log.readings(wanted, null);
    const found = nothingFound(query);
    const gather = createGathering(query, found.damaged, now);
    let next = 0;
    for (const files of daysOf(folder, wanted, unsealed)) {
      const upTo = next + countOfDay(unsealed, next, files.day);
      const rows = unsealed.slice(next, upTo);
      const isWhole = use(files, wanted, found, (day) => {
        return gather.take(partsOfDay(day, rows, everyMs, query.order), deadline);
      });
      if (!isWhole) return gather.page(true);
      next = upTo;
    }
    const page = gather.finish();
    refuseNothing(found, page.rows);
    return page;
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

/** What a page could not find. */
interface NotFound {
  damaged: DamagedSpan[];
  /** The first file that cannot be read at all. */
  unreadable: DayFileError | null;
  after: ReadingsQuery['after'];
}

const nothingFound = ({ after }: ReadingsQuery): NotFound => ({ damaged: [], unreadable: null, after });

/** An answer of nothing would look as if there were no readings. */
function refuseNothing({ unreadable, after }: NotFound, rows: readonly unknown[]): void {
  if (unreadable !== null && rows.length === 0 && after === null) throw unreadable;
}

type UseDay = <Result>(files: DayFiles, query: ReadingsQuery, found: NotFound, use: (day: OpenDay) => Result) => Result;

/** Uses the files of one day. What is damaged is left out and told. An error that comes from damage all the same names the file. */
function createDays(handles: DayHandles, expired: () => number): UseDay {
  return (files, query, found, use) => {
    try {
      const metrics = new Map(query.series.map(({ id, metric }) => [id, metric]));
      const day = openDay(
        handles,
        files,
        query,
        ({ id }, from, to) => void found.damaged.push({ metric: metrics.get(id) as string, from, to }),
        expired,
      );
      try {
        if (day.unreadable !== null) tellUnreadable(found, day.unreadable, files.day, query);
        return use(day);
      } finally {
        day.close();
      }
    } catch (error) {
      throw isDamage(error) ? new DayFileError(files.day, error) : error;
    }
  };
}

/** Nobody knows which metrics the file has. Only the first page of the day names them. */
function tellUnreadable(found: NotFound, error: DayFileError, day: number, { series, from, to }: ReadingsQuery): void {
  found.unreadable ??= error;
  if (found.after !== null && dayOf(found.after.ts) === day) return;
  const span = { from: Math.max(from, day * dayMs), to: Math.min(to, (day + 1) * dayMs) - 1 };
  for (const { metric } of series) found.damaged.push({ metric, ...span });
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
    stored.push({ day, readings: null, late: null, rollup: null, aside: null });
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
