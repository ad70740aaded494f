// Making a format takes some hundred times as long as using it.
const clockForm = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
const timeOfDay = new Intl.DateTimeFormat([], clockForm);
const dateAndTime = new Intl.DateTimeFormat([], {
  ...clockForm,
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
});

/** Date and time in the browser's time zone. */
export const localTime = (ts: number): string => dateAndTime.format(ts);
/** The time of day in the browser's time zone. */
export const clockTime = (ts: number): string => timeOfDay.format(ts);
/** ISO 8601 in UTC, with milliseconds. */
export const utcTime = (ts: number): string => new Date(ts).toISOString();
