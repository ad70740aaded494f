import type Database from 'better-sqlite3';
import { type SeriesKind, seriesKinds } from '../types.js';
import type { ReadingsPage, ReadingsQuery } from './calls.js';
import { decodeFrames, decodeReadings, stringsOf } from './logRow.js';

/** Rows read in one go: no snapshot of the log is held for longer, so the writer's checkpoints go on. */
const rowsPerSlice = 256;

interface Match {
  ts: number;
  series: number;
  /** Order of storing: of two readings with the same identity the first counts. */
  order: number;
  value: number | string | boolean;
}

interface RowHead {
  position: number;
  committed_at: number;
  frames: Buffer;
}

/** Finds one device's readings in the commit log. */
export function openLogScan(db: Database.Database) {
  const heads = db.prepare(`
    SELECT position, committed_at, frames FROM log
    WHERE position > ? AND ts_max >= ? AND ts_min < ? ORDER BY position LIMIT ${rowsPerSlice}`);
  const body = db.prepare('SELECT strings, data FROM log WHERE position = ?');

  /** `kinds` gives the kind of each series asked for. */
  function readings(query: ReadingsQuery, kinds: ReadonlyMap<number, SeriesKind>): ReadingsPage {
    const page = createPage(query);
    let order = 0;
    for (let after = 0; ; ) {
      const slice = heads.all(after, query.from, query.to) as RowHead[];
      for (const head of slice) {
        const spans = spansOf(query.deviceKey, head);
        if (spans.length > 0) order = takeRow(head.position, spans, kinds, page, order);
      }
      if (slice.length < rowsPerSlice) return page.finish();
      after = slice[slice.length - 1].position;
    }
  }

  function takeRow(
    position: number,
    spans: [number, number][],
    kinds: ReadonlyMap<number, SeriesKind>,
    page: Page,
    order: number,
  ): number {
    const row = body.get(position) as { strings: string | null; data: Buffer };
    const { series, ts, value } = decodeReadings(row.data);
    const strings = stringsOf(row.strings);
    let next = order;
    for (const [start, end] of spans) {
      for (let i = start; i < end; i++) {
        const kind = kinds.get(series[i]);
        if (kind === undefined) continue;
        page.offer(ts[i], series[i], next++, () => scalarOf(kind, value[i], strings));
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

export function scalarOf(kind: SeriesKind, value: number, strings: string[]): number | string | boolean {
  if (kind === seriesKinds.string) return strings[value];
  return kind === seriesKinds.boolean ? value === 1 : value;
}

type Page = ReturnType<typeof createPage>;

/** Gathers matches and keeps the first `limit` in the query's order, however many are offered. */
function createPage({ from, to, order, limit, after }: ReadingsQuery) {
  const direction = order === 'asc' ? 1 : -1;
  const kept = limit + 1;
  const room = 4 * kept + 65_536;
  let matches: Match[] = [];

  const compare = (a: Match, b: Match): number => direction * (a.ts - b.ts || a.series - b.series) || a.order - b.order;

  function settle(): void {
    matches.sort(compare);
    matches = matches.filter(
      (match, i) => i === 0 || match.ts !== matches[i - 1].ts || match.series !== matches[i - 1].series,
    );
    if (matches.length > kept) matches.length = kept;
  }

  return {
    offer(ts: number, series: number, storedAs: number, value: () => Match['value']): void {
      if (ts < from || ts >= to) return;
      if (after !== null && direction * (ts - after.ts || series - after.series) <= 0) return;
      matches.push({ ts, series, order: storedAs, value: value() });
      if (matches.length >= room) settle();
    },
    finish(): ReadingsPage {
      settle();
      const readings = matches.slice(0, limit).map(({ ts, series, value }) => ({ ts, series, value }));
      return { readings, more: matches.length > limit };
    },
  };
}
