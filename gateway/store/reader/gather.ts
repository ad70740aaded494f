import type { BucketRow, DamagedSpan, ReadingRow, ReadingsPage, ReadingsQuery } from '../../domain/readingsQuery.js';
import { isDamage } from '../dayFiles/damage.js';
import type { Order } from './blocks.js';
import type { OpenDay } from './openDay.js';
import { type BucketPart, isBehind, listSource, merged, type Source } from './rowSource.js';

/** The parts of one day's buckets, with the readings of the log that are not in the day's files yet. */
export function partsOfDay(day: OpenDay, unsealed: ReadingRow[], everyMs: number, order: Order): Source<BucketPart>[] {
  if (!day.isCertain) return eachReadingOnce(day, unsealed, everyMs, order);
  try {
    const parts = unsealedParts(unsealed, day, everyMs);
    return [...day.bucketSources(everyMs), listSource(parts, 0, parts.length)];
  } catch (error) {
    if (!isDamage(error)) throw error;
    return eachReadingOnce(day, unsealed, everyMs, order);
  }
}

/** Each reading is a bucket of one reading. Throws if damage hides whether one is stored. */
function unsealedParts(rows: ReadingRow[], day: OpenDay, everyMs: number): BucketPart[] {
  if (rows.length === 0) return [];
  const isStored = day.createStored();
  return rows.filter(({ series, ts }) => !isStored(series, ts)).map((row) => partOf(row, everyMs));
}

/**
 * The same without a lookup. A damaged page may hide a reading from the lookup and not from the scan of the file, and a repeat of it would
 * then be counted beside it. Here repeats meet the reading that is found, as in a query of readings. This takes longer per reading.
 */
function eachReadingOnce(day: OpenDay, unsealed: ReadingRow[], everyMs: number, order: Order): Source<BucketPart>[] {
  const readings = merged(order, [...day.readingSources(), listSource(unsealed, 0, unsealed.length)]);
  let [series, ts] = [-1, Number.NaN];
  function next(): BucketPart | null {
    for (let row = readings.next(); row !== null; row = readings.next()) {
      if (row.series === series && row.ts === ts) continue;
      [series, ts] = [row.series, row.ts];
      return partOf(row, everyMs);
    }
    return null;
  }
  const source: Source<BucketPart> = {
    row: next(),
    advance() {
      source.row = next();
    },
  };
  return [source];
}

function partOf({ series, ts, value }: ReadingRow, everyMs: number): BucketPart {
  const number = typeof value === 'number' ? value : null;
  const bucket = Math.floor(ts / everyMs) * everyMs;
  const amounts = { count: 1, min: number, max: number, sum: number, first: value, last: value };
  return { series, ts: bucket, ...amounts, firstAt: ts, lastAt: ts };
}

/** Combines the parts of each bucket. A bucket is complete when a part of another time arrives, which may be on the next day. */
export interface Gathering {
  /** False once the page is full, or `deadline` has passed. */
  take(sources: Source<BucketPart>[], deadline: number): boolean;
  /** The complete buckets. `more` is true if others may follow. */
  page(more: boolean): ReadingsPage<BucketRow>;
  /** All buckets, because no other part follows. */
  finish(): ReadingsPage<BucketRow>;
}

/** `damaged` gets spans while parts are taken. */
export function createGathering(query: ReadingsQuery, damaged: DamagedSpan[], now: () => number): Gathering {
  const sign = query.order === 'asc' ? 1 : -1;
  const rows: BucketRow[] = [];
  const open = new Map<number, BucketPart>();

  function flush(): void {
    const parts = [...open.values()].sort((a, b) => sign * (a.series - b.series));
    open.clear();
    for (const { firstAt: _, lastAt: __, ...row } of parts) if (isBehind(query, row)) rows.push(row);
  }

  function page(more: boolean): ReadingsPage<BucketRow> {
    return { rows: rows.slice(0, query.limit), more: more || rows.length > query.limit, damaged };
  }

  return {
    page,
    take(sources, deadline) {
      const parts = merged(query.order, sources);
      for (let part = parts.next(); part !== null; part = parts.next()) {
        const current = open.values().next().value;
        if (current !== undefined && current.ts !== part.ts) {
          flush();
          if (rows.length > query.limit || (rows.length > 0 && now() > deadline)) return false;
        }
        const known = open.get(part.series);
        if (known === undefined) open.set(part.series, { ...part });
        else combine(known, part);
      }
      return true;
    },
    finish() {
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
