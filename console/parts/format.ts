/** How long ago `ts` was, in one unit: `5 min ago`. Both times in Unix ms. */
export function ageText(ts: number, now: number): string {
  return `${spanText(Math.max(0, now - ts))} ago`;
}

/** A span of time in one unit, rounded down: `59 s`, `3 h`. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** The time between two steps: with milliseconds below a second, with tenths below a minute. */
export function stepText(ms: number): string {
  if (ms < 1_000) return `+${ms < 10 && ms % 1 !== 0 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `+${(ms / 1000).toFixed(1)} s`;
  return `+${spanText(ms)}`;
}

const units: Record<string, string> = { Cel: '°C', '%RH': '% RH', '%EL': '%', lat: '°', lon: '°' };

/** A SenML unit as people write it, such as °C for Cel. The empty text for none. */
export function unitText(unit: string | null): string {
  return unit === null ? '' : (units[unit] ?? unit);
}

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A number of bytes in the largest unit that fits, such as `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** step;
  return `${size >= 100 || step === 0 ? Math.round(size) : size.toFixed(1)} ${sizes[step]}`;
}

/** Date and time in the browser's time zone. */
export const localTime = (ts: number): string => new Date(ts).toLocaleString([], { hourCycle: 'h23' });
/** The time of day in the browser's time zone. */
export const clockTime = (ts: number): string =>
  new Date(ts).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
/** ISO 8601 in UTC, with milliseconds. */
export const utcTime = (ts: number): string => new Date(ts).toISOString();
/** A whole number with separators for thousands. */
export const countText = (count: number): string => count.toLocaleString('en');
