import { ageText, spanText } from '../../schemas/display/times.js';
import { now } from '../session/session.js';
import { clockTime, localTime, utcTime } from './format.js';

/** A time in the browser's time zone, as date and time, time of day, age (`5 s ago`) or span (`5 s`). Hovering shows the exact time in UTC. */
export function Time({ at, as = 'full' }: { at: number; as?: 'full' | 'clock' | 'age' | 'span' }) {
  const text =
    as === 'age'
      ? ageText(at, now.value)
      : as === 'span'
        ? spanText(Math.floor((now.value - at) / 1_000) * 1_000)
        : as === 'clock'
          ? clockTime(at)
          : localTime(at);
  return (
    <time dateTime={utcTime(at)} title={`${utcTime(at)} (UTC)${as === 'full' ? '' : ` · ${localTime(at)} local`}`}>
      {text}
    </time>
  );
}
