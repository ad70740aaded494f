import { durationMsIn } from '../../schemas/durations.js';
import { Failure } from '../api/failure.js';

/** A time as people write it: Unix ms, ISO 8601 (no offset: UTC), or back from now as -15m. Throws Failure. */
export function parseWhen(text: string, now: number): number {
  const backMs = text.startsWith('-') ? durationMsIn(text.slice(1)) : null;
  if (backMs !== null) return Math.round(now - backMs);
  if (/^\d{1,16}$/.test(text)) return Number(text);
  const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  const ms = iso === null ? Number.NaN : Date.parse(iso[1] !== undefined && iso[4] === undefined ? `${text}Z` : text);
  if (Number.isNaN(ms))
    throw new Failure(
      64,
      `"${text}" is not a time. Write Unix ms, ISO 8601 such as 2026-11-24T12:00, or a time before now such as -15m`,
    );
  return ms;
}

/** A duration such as 60s, 5m, 250ms, in ms. Throws Failure. */
export function parseDuration(text: string): number {
  const ms = durationMsIn(text);
  if (ms === null) throw new Failure(64, `"${text}" is no duration: write 250ms, 60s, 5m or 1h`);
  return ms;
}
