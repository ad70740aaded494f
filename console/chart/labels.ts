import type { Zone } from './range.js';

/** The name that Intl has for a zone; undefined is that of the browser. */
const zoneName = (zone: Zone): string | undefined => (zone === 'utc' ? 'UTC' : undefined);

const minute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

const forms = {
  full: { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' },
  day: { day: 'numeric', month: 'short' },
  minute,
  second: { ...minute, second: '2-digit' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** Formats that were used before: making one takes some hundred times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: Zone, form: keyof typeof forms): Intl.DateTimeFormat {
  const key = `${zone} ${form}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', { ...forms[form], timeZone: zoneName(zone) });
  formats.set(key, made);
  return made;
}

/** Date and time with seconds, without the zone. */
export function timeText(ts: number, zone: Zone): string {
  return formatOf(zone, 'full').format(ts);
}

/** A time as `parseWhen` reads it, to the second, and with milliseconds if there are any: 2026-11-30 08:00:00. */
export function civilText(ts: number, zone: Zone): string {
  const shifted = zone === 'utc' ? ts : ts - new Date(ts).getTimezoneOffset() * 60_000;
  return new Date(shifted)
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '');
}

/** What a zone is called, with its offset at a time: `Europe/Berlin (UTC+1)`. */
export function zoneText(zone: Zone, ts: number): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (zone === 'utc' || timeZone === 'UTC') return 'UTC';
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'shortOffset' }).formatToParts(new Date(ts));
  const offset = parts.find(({ type }) => type === 'timeZoneName')?.value.replace('GMT', 'UTC') ?? '';
  return `${timeZone} (${offset})`;
}

/** Labels of a time axis at these Unix seconds. The date is added at the first label of each day. */
export function timeLabels(splits: readonly number[], stepSeconds: number, zone: Zone): string[] {
  const dayFormat = formatOf(zone, 'day');
  const timeFormat = formatOf(zone, stepSeconds < 60 ? 'second' : 'minute');
  let day = '';
  return splits.map((split) => {
    const today = dayFormat.format(split * 1000);
    const time = timeFormat.format(split * 1000);
    const text = stepSeconds >= 86_400 ? today : today === day ? time : `${time}\n${today}`;
    day = today;
    return text;
  });
}

/** A length of time in its two greatest units, such as `2 h 5 min`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
