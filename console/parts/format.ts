/** How long ago, in one unit. */
export function ageText(ts: number, now: number): string {
  return `${spanText(Math.max(0, now - ts))} ago`;
}

/** A span of time in one unit, as short as it reads well. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** The time between two steps, exact where it is short. */
export function stepText(ms: number): string {
  if (ms < 1_000) return `+${ms < 10 && ms % 1 !== 0 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `+${(ms / 1000).toFixed(1)} s`;
  return `+${spanText(ms)}`;
}

const units: Record<string, string> = { Cel: '°C', '%RH': '% RH', '%EL': '%', lat: '°', lon: '°' };

/** SenML units as people write them. */
export function unitText(unit: string | null): string {
  return unit === null ? '' : (units[unit] ?? unit);
}

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytesText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** step;
  return `${size >= 100 || step === 0 ? Math.round(size) : size.toFixed(1)} ${sizes[step]}`;
}

/** In the browser's zone. */
export const localTime = (ts: number): string => new Date(ts).toLocaleString([], { hourCycle: 'h23' });
export const clockTime = (ts: number): string =>
  new Date(ts).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
export const utcTime = (ts: number): string => new Date(ts).toISOString();
export const countText = (count: number): string => count.toLocaleString('en');
