import type Database from 'better-sqlite3';
import type { Scalar, SeriesKind } from '../types.js';
import { seriesKinds } from '../types.js';
import type { ReadingRow, ReadingsQuery } from './calls.js';
import { decodeFrames, decodeReadings, stringsOf } from './logRow.js';
import { openMeta } from './meta.js';

/** Rows read in one go: no snapshot of the log is held for longer, so the writer's checkpoints go on. */
const rowsPerSlice = 256;

/** Matches kept at most where all of them are needed. */
const matchesMax = 500_000;

/** More readings of a device are unsealed than fit into memory. */
export class LogTooLongError extends Error {
  readonly code = 'LOG_TOO_LONG';
}

interface RowHead {
  position: number;
  committed_at: number;
  frames: Buffer;
}

/** Finds one device's readings in the part of the commit log that is not sealed yet. */
export function openLogScan(db: Database.Database) {
  const heads = db.prepare(`
    SELECT position, committed_at, frames FROM log
    WHERE position > ? AND ts_max >= ? AND ts_min < ? ORDER BY position LIMIT ${rowsPerSlice}`);
  const body = db.prepare('SELECT strings, data FROM log WHERE position = ?');
  const meta = openMeta(db);

  /** In the query's order, each identity once, the first stored. At most the first `count`; null: all of them. */
  function readings(query: ReadingsQuery, count: number | null): ReadingRow[] {
    const kinds = new Map(query.series.map(({ id, kind }) => [id, kind]));
    const matches = createMatches(query, count);
    let order = 0;
    for (let after = meta.number('sealed_position'); ; ) {
      const slice = heads.all(after, query.from, query.to) as RowHead[];
      for (const head of slice) {
        const spans = spansOf(query.device.key, head);
        if (spans.length > 0) order = takeRow(head.position, spans, kinds, matches, order);
      }
      if (slice.length < rowsPerSlice) return matches.finish();
      after = slice[slice.length - 1].position;
    }
  }

  function takeRow(
    position: number,
    spans: [number, number][],
    kinds: ReadonlyMap<number, SeriesKind>,
    matches: Matches,
    order: number,
  ): number {
    const row = body.get(position) as { strings: string | null; data: Buffer } | undefined;
    // Cut since its head was read: its readings are in day files, which are opened after this.
    if (row === undefined) return order;
    const { series, ts, value } = decodeReadings(row.data);
    const strings = stringsOf(row.strings);
    let next = order;
    for (const [start, end] of spans) {
      for (let i = start; i < end; i++) {
        const kind = kinds.get(series[i]);
        if (kind === undefined) continue;
        matches.offer(ts[i], series[i], next++, () => scalarOf(kind, value[i], strings));
      }
    }
    return next;
  }

  return { readings };
}

/** Where in the row's readings those of the device's frames lie. */
function spansOf(deviceKey: number, { frames, committed_at }: RowHead): [number, number][] {
  const { count, device, readings } = decodeFrames(frames, committed_at);
  const spans: [number, number][] = [];
  for (let frame = 0, at = 0; frame < count; at += readings[frame++]) {
    if (device[frame] === deviceKey && readings[frame] > 0) spans.push([at, at + readings[frame]]);
  }
  return spans;
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
