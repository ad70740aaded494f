/** How long ago `ts` was, in one unit: `5 min ago`. Both times in Unix ms. A time in the future is `now`. */
export function ageText(ts: number, now: number): string {
  const span = now - ts;
  return span < 1_000 ? 'now' : `${spanText(span)} ago`;
}

/** A span of time in one unit, rounded down: `59 s`, `3 h`. Below a second it has milliseconds; a negative span is 0 s. */
export function spanText(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${Math.max(1, Math.floor(ms))} ms`;
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400).toLocaleString('en')} d`;
}

/** The time between two steps: with milliseconds below a second, with tenths below a minute. */
export function stepText(ms: number): string {
  if (ms < 1_000) return `+${ms < 10 && ms % 1 !== 0 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `+${(ms / 1_000).toFixed(1)} s`;
  return `+${spanText(ms)}`;
}
