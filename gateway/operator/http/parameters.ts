import { Problem } from './problems.js';

/** Unix ms, or ISO 8601; without an offset that is UTC. Throws range_invalid. */
export function parseTime(text: string, name: string): number {
  if (/^-?\d{1,16}$/.test(text)) return Number(text);
  const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;
  const ms = iso.test(text)
    ? Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`)
    : Number.NaN;
  if (Number.isNaN(ms)) throw new Problem('range_invalid', `${name} "${text}" is neither Unix ms nor ISO 8601`);
  return ms;
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const everyMsMax = 366 * units.d;

/** The width of buckets, as 5m, in ms: 1 ms to 366 days. Throws every_invalid. */
export function parseEvery(text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(count) * units[unit];
  if (!(ms >= 1 && ms <= everyMsMax))
    throw new Problem('every_invalid', `every "${text}": write a width such as 10s, 5m, 1h or 1d, of 1ms to 366d`);
  return ms;
}

export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws cursor_invalid where the parts are not of these types. */
export function decodeCursor<Parts extends (string | number)[]>(cursor: string, types: ('string' | 'number')[]): Parts {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === types.length && parts.every((part, i) => typeof part === types[i]))
      return parts as Parts;
  } catch {
    // Falls through to the problem.
  }
  throw new Problem('cursor_invalid', 'Give the cursor of the page before, as it came');
}
