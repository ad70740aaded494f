import { ageText, spanText } from '../../schemas/display/times.js';
import { now } from '../session/session.js';
import { clockTime, localTime, utcTime } from './format.js';
import { useWatched } from './watched.js';

type Form = 'full' | 'clock' | 'age' | 'span';

/** A time in the browser's time zone, as date and time, time of day, age (`5 s ago`) or span (`5 s`). Hovering shows the exact time in UTC. */
export function Time({ at, as = 'full' }: { at: number; as?: Form }) {
  const text = useWatched(() => textOf(at, as), [at, as]);
  return (
    <time dateTime={utcTime(at)} title={`${utcTime(at)} (UTC)${as === 'full' ? '' : ` · ${localTime(at)} local`}`}>
      {text}
    </time>
  );
}

function textOf(at: number, form: Form): string {
  if (form === 'age') return ageText(at, now.value);
  if (form === 'span') return spanText(Math.floor((now.value - at) / 1_000) * 1_000);
  return form === 'clock' ? clockTime(at) : localTime(at);
}
