import assert from 'node:assert/strict';
import { Problem } from './problems.js';

/** Query parameters that a route's schema has checked, and given their types and defaults. */
export type Query = Readonly<Record<string, unknown>>;

/** The number of this parameter; the route's schema requires it, or has a default for it. */
export function numberOf(query: Query, name: string): number {
  const value = query[name];
  assert(typeof value === 'number', `the schema makes ${name} a number`);
  return value;
}

/** The text of this parameter; undefined: it was not given. */
export function textOf(query: Query, name: string): string | undefined {
  const value = query[name];
  assert(value === undefined || typeof value === 'string', `the schema makes ${name} a text`);
  return value;
}

/** Unix ms, or ISO 8601; without an offset that is UTC. Throws range_invalid. */
export function parseTime(text: string, name: string): number {
  if (/^-?\d{1,16}$/.test(text)) return Number(text);
  const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;
  const ms = iso.test(text)
    ? Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`)
    : Number.NaN;
  if (Number.isNaN(ms)) {
    const hint = /^-?\d+(\.\d+)?(ms|s|m|h|d)$/.test(text) ? '. Write the time itself, not how long ago it was' : '';
    throw new Problem(
      'range_invalid',
      `${name} "${text}" is neither Unix ms nor ISO 8601, such as 2026-11-24T12:00Z${hint}`,
    );
  }
  return ms;
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const everyMsMax = 366 * units.d;

/** The width of buckets, as 5m, in ms: 1 ms to 366 days. Throws every_invalid. */
export function parseEvery(text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(count) * units[unit];
  if (!(ms >= 1 && ms <= everyMsMax)) throw new Problem('every_invalid', `every "${text}" is not a bucket width`);
  return ms;
}

/** The place of a page as text; opaque to clients. */
export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The texts of this parameter, which may be given several times; undefined: it was not given. */
export function textsOf(query: Query, name: string): string[] | undefined {
  const value = query[name];
  if (value === undefined) return undefined;
  assert(Array.isArray(value) && value.every((part) => typeof part === 'string'), `the schema makes ${name} a list`);
  return value;
}

interface PartTypes {
  string: string;
  number: number;
}

type PartsOf<Types extends readonly (keyof PartTypes)[]> = { -readonly [At in keyof Types]: PartTypes[Types[At]] };

/** The parts that encodeCursor was given. Throws cursor_invalid if they are not of these types. */
export function decodeCursor<const Types extends readonly (keyof PartTypes)[]>(
  cursor: string,
  types: Types,
): PartsOf<Types> {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === types.length && parts.every((part, i) => typeof part === types[i]))
      return parts as PartsOf<Types>;
  } catch {
    // Falls through to the problem.
  }
  throw new Problem('cursor_invalid', 'The cursor was changed, or belongs to another list');
}

/** The one text in the parameter `cursor`; null: it was not given, so the first page is wanted. Throws cursor_invalid. */
export function textCursor(query: Query): string | null {
  const cursor = textOf(query, 'cursor');
  return cursor === undefined ? null : decodeCursor(cursor, ['string'])[0];
}

/** The one number in the parameter `cursor`; null: it was not given, so the first page is wanted. Throws cursor_invalid. */
export function numberCursor(query: Query): number | null {
  const cursor = textOf(query, 'cursor');
  return cursor === undefined ? null : decodeCursor(cursor, ['number'])[0];
}
