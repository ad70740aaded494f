/** Date and time in the browser's time zone. */
export const localTime = (ts: number): string => new Date(ts).toLocaleString([], { hourCycle: 'h23' });
/** The time of day in the browser's time zone. */
export const clockTime = (ts: number): string =>
  new Date(ts).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
/** ISO 8601 in UTC, with milliseconds. */
export const utcTime = (ts: number): string => new Date(ts).toISOString();
