import { durationMsIn, spanForms, spanMsIn } from '../../schemas/durations.js';
import { Failure } from '../api/failure.js';

/** How the options for times are written, for their help. */
export const timeForms = 'Unix ms, ISO 8601 (UTC if it has no offset), or a time before now such as -15m';

/** A time as people write it: Unix ms, ISO 8601 (no offset: UTC), or back from now as -15m. Throws Failure. */
export function parseWhen(text: string, now: number): number {
  const backMs = text.startsWith('-') ? durationMsIn(text.slice(1)) : null;
  if (backMs !== null) return Math.round(now - backMs);
  if (/^\d{1,16}$/.test(text)) return Number(text);
  const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  const ms = iso === null ? Number.NaN : Date.parse(iso[1] !== undefined && iso[4] === undefined ? `${text}Z` : text);
  if (Number.isNaN(ms)) throw new Failure(64, `"${text}" is not a time. ${hintOf(text)}`);
  return ms;
}

/** What to write instead of a time that is none. Bare numbers are Unix ms here, so a time before now needs its unit. */
function hintOf(text: string): string {
  const back = text.replace(/^-/, '');
  if (durationMsIn(back) !== null) return `For a time before now, write -${back}`;
  if (/^-\d+$/.test(text)) return `A time before now has a unit: write ${text}s, ${text}m or ${text}h`;
  if (text === 'now') return 'Leave the option out: a range ends now unless --to says otherwise';
  return 'Write Unix ms, ISO 8601 such as 2026-11-24T12:00 (UTC if it has no offset), or a time before now such as -15m';
}

/** The value of an option that takes a span of time, in ms. Throws Failure. */
export function parseSpan(option: string, text: string): number {
  const ms = spanMsIn(text);
  if (ms === null) throw new Failure(64, `${option} ${text} is not valid. Write ${spanForms}`);
  return ms;
}

/** As parseSpan, in whole seconds, which is what the API takes. Throws Failure. */
export function parseSeconds(option: string, text: string): number {
  const seconds = parseSpan(option, text) / 1000;
  if (!Number.isInteger(seconds))
    throw new Failure(64, `${option} ${text} is not valid. Write whole seconds, such as 1s`);
  return seconds;
}
