/** How long ago, in one unit. */
export function ageText(ts: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - ts) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const units: Record<string, string> = { Cel: '°C', '%RH': '% RH', '%EL': '%', lat: '°', lon: '°' };

/** SenML units as people write them. */
export function unitText(unit: string | null): string {
  return unit === null ? '' : (units[unit] ?? unit);
}

export const localTime = (ts: number): string => new Date(ts).toLocaleString();
export const utcTime = (ts: number): string => new Date(ts).toISOString();
export const countText = (count: number): string => count.toLocaleString('en');
