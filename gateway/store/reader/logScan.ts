import type Database from 'better-sqlite3';
import { scalarIn } from '../../columns/scalar.js';
import type { ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import type { SeriesKind } from '../../domain/series.js';
import { stringsOf, viewReadings } from '../logDb/rowBlobs.js';
import { statement } from '../sqlite/statement.js';
import { LogIndex } from './logIndex.js';

/** The largest number of matches if all of them are needed. */
const matchesMax = 500_000;

/** The device has more unsealed readings than fit into memory. */
export class LogTooLongError extends Error {
  readonly code = 'LOG_TOO_LONG';
}

/** Finds one device's readings in the part of the commit log that is not sealed yet. */
export interface LogScan {
  /**
   * The readings in the query's order, of each identity the first stored one. Returns at most the first `count`. With null it returns
   * all of them, and throws LogTooLongError if there are too many.
   */
  readings(query: ReadingsQuery, count: number | null): ReadingRow[];
  /** Indexes the rows that were committed since the last call, so that the next query is faster. */
  catchUp(): void;
}

export function openLogScan(db: Database.Database): LogScan {
  const index = new LogIndex(db);
  const body = statement<{ strings: string | null; data: Buffer }, [position: number]>(
    db,
    'SELECT strings, data FROM log WHERE position = ?',
  );

  function takeRow(
    position: number,
    spans: [number, number][],
    kinds: ReadonlyMap<number, SeriesKind>,
    matches: Matches,
  ): void {
    const row = body.get(position);
    // The row was cut since it was found. Its readings are in day files, which are opened after this.
    if (row === undefined) return;
    const { base, series, times, values } = viewReadings(row.data);
    const strings = stringsOf(row.strings);
    for (const [start, end] of spans) {
      for (let i = start; i < end; i++) {
        const kind = kinds.get(series[i]);
        if (kind === undefined) continue;
        const ts = base + times[i];
        if (matches.wants(ts, series[i])) matches.add(ts, series[i], scalarIn(kind, values[i], strings));
      }
    }
  }

  return {
    readings(query, count) {
      const kinds = new Map(query.series.map(({ id, kind }) => [id, kind]));
      const matches = new Matches(query, count);
      for (const { position, spans } of index.find(query.device.key, query.from, query.to))
        takeRow(position, spans, kinds, matches);
      return matches.finish();
    },
    catchUp: () => index.catchUp(),
  };
}

interface Match extends ReadingRow {
  /** The place in the order of storing. Of two readings with the same identity the first counts. */
  order: number;
}

/** Gathers any number of matches, and keeps the first `count` in the query's order. */
class Matches {
  readonly #query: ReadingsQuery;
  readonly #count: number | null;
  readonly #direction: 1 | -1;
  readonly #room: number;
  #matches: Match[] = [];
  #added = 0;

  constructor(query: ReadingsQuery, count: number | null) {
    this.#query = query;
    this.#count = count;
    this.#direction = query.order === 'asc' ? 1 : -1;
    this.#room = count === null ? matchesMax : 4 * count + 65_536;
  }

  /** Whether a reading at this time is in the query's range, and on this page or a later one. */
  wants(ts: number, series: number): boolean {
    const { from, to, after, everyMs } = this.#query;
    if (ts < from || ts >= to) return false;
    return after === null || everyMs !== null || this.#direction * (ts - after.ts || series - after.series) > 0;
  }

  /** To be called in order of storing. */
  add(ts: number, series: number, value: ReadingRow['value']): void {
    this.#matches.push({ ts, series, order: this.#added++, value });
    if (this.#matches.length < this.#room) return;
    this.#settle();
    if (this.#count === null && this.#matches.length > this.#room / 2)
      throw new LogTooLongError(`over ${this.#matches.length} readings of the device are not in day files yet`);
  }

  finish(): ReadingRow[] {
    this.#settle();
    return this.#matches;
  }

  #settle(): void {
    const direction = this.#direction;
    this.#matches.sort((a, b) => direction * (a.ts - b.ts || a.series - b.series) || a.order - b.order);
    this.#matches = this.#matches.filter(
      (match, i, all) => i === 0 || match.ts !== all[i - 1].ts || match.series !== all[i - 1].series,
    );
    if (this.#count !== null && this.#matches.length > this.#count) this.#matches.length = this.#count;
  }
}
