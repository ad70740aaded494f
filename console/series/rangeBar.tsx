import { useEffect, useState } from 'preact/hooks';
import { civilText, zoneText } from '../chart/labels.js';
import {
  type Asked,
  isRelative,
  moved,
  parseWhen,
  type Range,
  rangeOf,
  scaled,
  spans,
  type Zone,
  zoomText,
} from '../chart/range.js';
import { param, setParams } from '../parts/router.js';

/** The range that the address asks for, with the time zone of its charts. Without `from` it begins at `fallback`, such as -1h. */
export function rangeInAddress(fallback: string, now: number) {
  const asked: Asked = { from: param('from') || fallback, to: param('to'), zoom: param('zoom') };
  const zone: Zone = param('zone') === 'utc' ? 'utc' : 'local';
  const found = rangeOf(asked, zone, now);
  const wanted = found.ok ? found : rangeOf({ from: fallback, to: '', zoom: '' }, zone, now);
  const range = wanted.ok ? wanted.range : { from: now - spans['1h'], to: now, follow: true };
  return {
    range,
    zone,
    asked,
    fault: found.ok ? null : found.fault,
    moves: asked.zoom === '' && (isRelative(asked.from) || isRelative(asked.to)),
  };
}

interface RangeBarProps {
  range: Range;
  zone: Zone;
  asked: Asked;
}

/** Buttons to move and zoom the charts, the spans that end now, a form for any other range, and the time zone. */
export function RangeBar({ range, zone, asked }: RangeBarProps) {
  const show = (next: Range): void => setParams({ zoom: zoomText(next) });
  const isZoomed = asked.zoom !== '';
  return (
    <div class="range-bar">
      <fieldset class="range">
        <legend class="hidden">Time range</legend>
        <Step label="Earlier" keys="←" sign="‹" press={() => show(moved(range, -0.5, Date.now()))} />
        <Step
          label="Later"
          keys="→"
          sign="›"
          disabled={range.follow}
          press={() => show(moved(range, 0.5, Date.now()))}
        />
        <Step label="Zoom in" keys="+" sign="+" press={() => show(scaled(range, 0.5, Date.now()))} />
        <Step label="Zoom out" keys="−" sign="−" press={() => show(scaled(range, 2, Date.now()))} />
        <span class="segments">
          {Object.keys(spans).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={range.follow && asked.from === `-${name}`}
              onClick={() => setParams({ from: `-${name}`, to: '', zoom: '' })}
            >
              {name}
            </button>
          ))}
        </span>
        {isZoomed && (
          <button
            type="button"
            class="quiet wide"
            title="Back to the range before zooming (0)"
            onClick={() => setParams({ zoom: '' })}
          >
            Reset zoom
          </button>
        )}
      </fieldset>
      <FromTo key={`${asked.from} ${asked.to} ${asked.zoom} ${zone}`} range={range} zone={zone} asked={asked} />
    </div>
  );
}

interface StepProps {
  label: string;
  /** The key that does the same in the chart. */
  keys: string;
  sign: string;
  disabled?: boolean;
  press(): void;
}

function Step({ label, keys, sign, disabled, press }: StepProps) {
  return (
    <button
      type="button"
      class="quiet"
      aria-label={label}
      title={`${label} (${keys})`}
      disabled={disabled}
      onClick={press}
    >
      {sign}
    </button>
  );
}

/** The range as two texts, and the zone in which they are read. */
function FromTo({ range, zone, asked }: RangeBarProps) {
  const shown = (ts: number, text: string): string =>
    asked.zoom !== '' || !isRelative(text) ? civilText(Math.floor(ts / 1000) * 1000, zone) : text || 'now';
  const [from, setFrom] = useState(shown(range.from, asked.from));
  const [to, setTo] = useState(shown(range.to, asked.to));
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => setFault(null), [from, to]);

  const apply = (): void => {
    const now = Date.now();
    const found = rangeOf({ from, to, zoom: '' }, zone, now);
    if (!found.ok) return setFault(found.fault);
    // An absolute time goes into the address in UTC, so that it means the same to everybody.
    const portable = (text: string): string =>
      isRelative(text.trim()) ? text.trim() : new Date(parseWhen(text, zone, now) ?? now).toISOString();
    setParams({ from: portable(from), to: to.trim() === 'now' ? '' : portable(to), zoom: '' });
  };
  return (
    <form
      class="from-to"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <label>
        From
        <input
          value={from}
          aria-invalid={fault !== null}
          onInput={({ currentTarget }) => setFrom(currentTarget.value)}
        />
      </label>
      <label>
        To
        <input value={to} aria-invalid={fault !== null} onInput={({ currentTarget }) => setTo(currentTarget.value)} />
      </label>
      <button type="submit" class="quiet" title="For example -6h, now, or 2026-11-30 08:00">
        Show
      </button>
      <span class="segments">
        {(['local', 'utc'] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={zone === one}
            title={`Times in ${zoneText(one, range.to)}`}
            onClick={() => setParams({ zone: one === 'utc' ? 'utc' : '' })}
          >
            {one === 'utc' ? 'UTC' : 'Local time'}
          </button>
        ))}
      </span>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}
