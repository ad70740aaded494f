/** The time that a chart shows, Unix ms. If `follow` is true, its end is now, and it moves with the clock. */
export interface Range {
  from: number;
  to: number;
  follow: boolean;
}

/** The time zone in which times are read and written: that of the browser, or UTC. */
export type Zone = 'local' | 'utc';

/**
 * What the address asks for. `from` and `to` are times as `parseWhen` takes them; an empty `to` is now. `zoom` is a part of that
 * range, as from-to in Unix ms, so that a reset of the zoom leads back to the range.
 */
export interface Asked {
  from: string;
  to: string;
  zoom: string;
}

/** The spans to choose from, ms. */
export const spans = {
  '1m': 60_000,
  '5m': 300_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
} as const satisfies Record<string, number>;

/** The widths of buckets to choose from: in ms, and as the parameter `every`. */
const widths: [number, string][] = [
  [1_000, '1s'],
  [5_000, '5s'],
  [10_000, '10s'],
  [30_000, '30s'],
  [60_000, '1m'],
  [300_000, '5m'],
  [900_000, '15m'],
  [3_600_000, '1h'],
  [21_600_000, '6h'],
  [86_400_000, '1d'],
];
const pointsWanted = 600;
/** Spans up to this are drawn from single readings, without buckets. */
const rawMaxMs = 600_000;

/** A width of buckets: in ms, and as the parameter `every` of the API. */
export interface Bucket {
  ms: number;
  every: string;
}

/** The bucket width for a span, for about 600 points at most; null: single readings. */
export function bucketOf(spanMs: number): Bucket | null {
  if (spanMs <= rawMaxMs) return null;
  const [ms, every] = widths.find(([width]) => spanMs / width <= pointsWanted) ?? widths[widths.length - 1];
  return { ms, every };
}

const unitsMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const relative = /^-\s*(\d{1,9})\s*([smhdw])$/;
const civil = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?$/;
const withOffset = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)$/i;
/** The greatest time that a Date has, Unix ms. */
const timeMax = 8_640_000_000_000_000;

/** Whether a time moves with the clock: nothing, `now`, or a time before now such as `-6h`. */
export const isRelative = (text: string): boolean => text === '' || text === 'now' || relative.test(text);

/**
 * A time in Unix ms: `now` or nothing, a time before now such as `-6h`, a date with or without a time of day in `zone`, ISO 8601
 * with an offset, or Unix ms. null if the text is none of these, or names a day that the calendar does not have.
 */
export function parseWhen(text: string, zone: Zone, now: number): number | null {
  const given = text.trim();
  if (given === '' || given === 'now') return now;
  const [, count, unit] = relative.exec(given) ?? [];
  if (count !== undefined) return inBounds(now - Number(count) * unitsMs[unit]);
  if (/^\d{10,16}$/.test(given)) return inBounds(Number(given));
  if (withOffset.test(given)) return inBounds(Date.parse(given.replace(' ', 'T')));
  const [matched, ...parts] = civil.exec(given) ?? [];
  return matched === undefined ? null : civilTime(parts, zone);
}

function civilTime(parts: (string | undefined)[], zone: Zone): number | null {
  const [year, month, day, hour, minute, second] = parts.map((part) => Number(part ?? 0));
  const ms = Number((parts[6] ?? '0').padEnd(3, '0'));
  const utc = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms));
  // A part that is too large would move the next one, for example 31 June to 1 July.
  const exact = utc.getUTCMonth() === month - 1 && utc.getUTCDate() === day && utc.getUTCHours() === hour;
  if (!exact || minute > 59 || second > 59) return null;
  return zone === 'utc' ? utc.getTime() : new Date(year, month - 1, day, hour, minute, second, ms).getTime();
}

const inBounds = (ts: number): number | null => (ts >= 0 && ts <= timeMax ? ts : null);

/** A range, or a sentence that says why there is none. */
export type RangeOrFault = { ok: true; range: Range } | { ok: false; fault: string };

/** The range that the address asks for, and within it the zoom. `from` must be before `to`. */
export function rangeOf({ from, to, zoom }: Asked, zone: Zone, now: number): RangeOrFault {
  const [zoomFrom, zoomTo] = /^\d{1,16}-\d{1,16}$/.test(zoom) ? zoom.split('-').map(Number) : [];
  if (zoomFrom < zoomTo && zoomTo <= timeMax) return { ok: true, range: { from: zoomFrom, to: zoomTo, follow: false } };
  const [start, end] = [parseWhen(from, zone, now), parseWhen(to, zone, now)];
  const wrong = start === null ? from : end === null ? to : null;
  if (start === null || end === null)
    return { ok: false, fault: `“${wrong}” is not a time. Write for example -6h, now or 2026-11-30 08:00.` };
  if (start >= end) return { ok: false, fault: 'The start must be before the end. Change one of them.' };
  return { ok: true, range: { from: start, to: end, follow: to === '' || to === 'now' } };
}

/** The range moved by a share of its width, at most to `now`. */
export function moved({ from, to }: Range, by: number, now: number): Range {
  const shift = Math.max(-from, Math.min((to - from) * by, now - to));
  return { from: from + shift, to: to + shift, follow: false };
}

/** The range made wider or narrower around its middle, at least 1 s wide and at most up to `now`. */
export function scaled({ from, to }: Range, factor: number, now: number): Range {
  const [middle, half] = [(from + to) / 2, Math.max(500, ((to - from) / 2) * factor)];
  const end = Math.min(now, middle + half);
  return { from: Math.max(0, end - 2 * half), to: end, follow: false };
}

/** The range as the parameter `zoom` of the address. */
export const zoomText = ({ from, to }: Range): string => `${Math.round(from)}-${Math.round(to)}`;
