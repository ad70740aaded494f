import type Database from 'better-sqlite3';
import type { ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { type Scalar, type SeriesKind, seriesKinds } from '../../domain/series.js';
import { stringsOf, viewReadings } from '../logDb/logRow.js';
import { openLogIndex } from './logIndex.js';

/** Matches kept at most where all of them are needed. */
const matchesMax = 500_000;

/** More readings of a device are unsealed than fit into memory. */
export class LogTooLongError extends Error {
  readonly code = 'LOG_TOO_LONG';
}

/** Finds one device's readings in the part of the commit log that is not sealed yet. */
export function openLogScan(db: Database.Database) {
  const index = openLogIndex(db);
  const body = db.prepare('SELECT strings, data FROM log WHERE position = ?');

  /** In the query's order, each identity once, the first stored. At most the first `count`; null: all of them. */
  function readings(query: ReadingsQuery, count: number | null): ReadingRow[] {
    const kinds = new Map(query.series.map(({ id, kind }) => [id, kind]));
    const matches = createMatches(query, count);
    let order = 0;
    for (const { position, spans } of index.find(query.device.key, query.from, query.to))
      order = takeRow(position, spans, kinds, matches, order);
    return matches.finish();
  }

  function takeRow(
    position: number,
    spans: [number, number][],
    kinds: ReadonlyMap<number, SeriesKind>,
    matches: Matches,
    order: number,
  ): number {
    const row = body.get(position) as { strings: string | null; data: Buffer } | undefined;
    // Cut since it was found: its readings are in day files, which are opened after this.
    if (row === undefined) return order;
    const { base, series, times, values } = viewReadings(row.data);
    const strings = stringsOf(row.strings);
    let next = order;
    for (const [start, end] of spans) {
      for (let i = start; i < end; i++) {
        const kind = kinds.get(series[i]);
        if (kind === undefined) continue;
        matches.offer(base + times[i], series[i], next++, () => scalarOf(kind, values[i], strings));
      }
    }
    return next;
  }

  return { readings, catchUp: index.catchUp };
}

export function scalarOf(kind: SeriesKind, value: number, strings: string[]): Scalar {
  if (kind === seriesKinds.string) return strings[value];
  return kind === seriesKinds.boolean ? value === 1 : value;
}

interface Match extends ReadingRow {
  /** Order of storing: of two readings with the same identity the first counts. */
  order: number;
}

type Matches = ReturnType<typeof createMatches>;

/** Gathers matches and keeps the first `count` in the query's order, however many are offered. */
function createMatches({ from, to, order, after, everyMs }: ReadingsQuery, count: number | null) {
  const direction = order === 'asc' ? 1 : -1;
  const room = count === null ? matchesMax : 4 * count + 65_536;
  let matches: Match[] = [];

  const compare = (a: Match, b: Match): number => direction * (a.ts - b.ts || a.series - b.series) || a.order - b.order;

  function settle(): void {
    matches.sort(compare);
    matches = matches.filter(
      (match, i) => i === 0 || match.ts !== matches[i - 1].ts || match.series !== matches[i - 1].series,
    );
    if (count !== null && matches.length > count) matches.length = count;
  }

  return {
    offer(ts: number, series: number, storedAs: number, value: () => Scalar): void {
      if (ts < from || ts >= to) return;
      if (after !== null && everyMs === null && direction * (ts - after.ts || series - after.series) <= 0) return;
      matches.push({ ts, series, order: storedAs, value: value() });
      if (matches.length < room) return;
      settle();
      if (count === null && matches.length > room / 2)
        throw new LogTooLongError(`over ${matches.length} readings of the device are not in day files yet`);
    },
    finish(): ReadingRow[] {
      settle();
      return matches;
    },
  };
}
