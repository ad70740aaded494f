import { param, setParams } from './router.js';

const dayMs = 86_400_000;

/** From when on entries are shown. `ms` 0: from the beginning. */
const spans = [
  { value: '', text: 'any time', ms: 0 },
  { value: '1h', text: 'last hour', ms: 3_600_000 },
  { value: '1d', text: 'last 24 hours', ms: dayMs },
  { value: '7d', text: 'last 7 days', ms: 7 * dayMs },
  { value: '30d', text: 'last 30 days', ms: 30 * dayMs },
  { value: 'between', text: 'from … to …', ms: 0 },
] as const;

/** The span of time that the address names, as query parameters of the API: Unix ms, the empty text for an open end. */
export function spanOfAddress(now: number): { from: string; to: string } {
  if (param('span') === 'between') return { from: unixMs(param('from')), to: unixMs(param('to')) };
  const span = spans.find(({ value }) => value === param('span'));
  return { from: span === undefined || span.ms === 0 ? '' : String(now - span.ms), to: '' };
}

/** A local time such as 2026-01-31T14:05 as Unix ms; the empty text if it is none. */
function unixMs(text: string): string {
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? '' : String(ms);
}

/** Chooses a span of time for a list. The choice is in the address. Times are in the time zone of the browser. */
export function TimeSpan() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <>
      <select
        aria-label="Time"
        value={param('span')}
        onChange={({ currentTarget }) => setParams({ span: currentTarget.value, from: '', to: '' })}
      >
        {spans.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {param('span') === 'between' &&
        (['from', 'to'] as const).map((name) => (
          <label key={name} class="when" title={`Local time (${zone})`}>
            {name}{' '}
            <input
              type="datetime-local"
              value={param(name)}
              onChange={({ currentTarget }) => setParams({ [name]: currentTarget.value })}
            />
          </label>
        ))}
    </>
  );
}
