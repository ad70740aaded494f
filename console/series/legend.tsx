import type { Signal } from '@preact/signals';
import { countOf, numberIn, type Scale, scaleOf } from '../../schemas/display/numbers.js';
import { unitText } from '../../schemas/display/units.js';
import { durationText, timeText, zoneText } from '../chart/labels.js';
import { valueAt } from '../chart/points.js';
import type { Range, Zone } from '../chart/range.js';
import { runAt, sharesOf } from '../chart/states.js';
import { DeviceName, deviceLabel } from '../fleet/deviceName.js';
import { Link } from '../parts/link.js';
import { devicePath } from '../parts/router.js';
import type { View } from './view.js';

interface LegendProps {
  views: readonly View[];
  hidden: ReadonlySet<string>;
  /** The time under the pointer, Unix ms. */
  pointed: Signal<number | null>;
  zone: Zone;
  range: Range;
  /** Per unit. */
  scales: ReadonlyMap<string, Scale>;
  toggle?(text: string): void;
  remove?(text: string): void;
}

/** The series with their values at the pointer, or else the newest ones, and how long each state was there. */
export function Legend({ views, hidden, pointed, zone, range, scales, toggle, remove }: LegendProps) {
  const at = pointed.value;
  const ts = at ?? range.to;
  const lines = views.flatMap((view) => (view.kind === 'line' ? [view] : []));
  const lanes = views.flatMap((view) => (view.kind === 'lane' ? [view] : []));
  const name = (view: View) => <Name view={view} hidden={hidden} toggle={toggle} />;
  const out = (view: View) =>
    remove !== undefined && (
      <td>
        <button type="button" class="quiet small" aria-label={`Remove ${view.label}`} onClick={() => remove(view.text)}>
          ×
        </button>
      </td>
    );
  return (
    <div class="series-legend">
      <p class="when">
        {at === null ? `Times in ${zoneText(zone, range.to)}` : `${timeText(at, zone)} ${zone === 'utc' ? 'UTC' : ''}`}
      </p>
      {lines.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard (WCAG 2.1.1)
        <section class="scrolls" tabIndex={0} aria-label="Values of the lines">
          <table>
            <thead>
              <tr>
                <th scope="col">series</th>
                <th scope="col" class="number">
                  {at === null ? 'newest' : 'here'}
                </th>
                <th scope="col" class="number">
                  min
                </th>
                <th scope="col" class="number">
                  max
                </th>
                <th scope="col" class="number">
                  mean
                </th>
                <th scope="col">unit</th>
                {remove !== undefined && (
                  <th scope="col">
                    <span class="hidden">remove</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {lines.map((view) => (
                <tr key={view.text} class={hidden.has(view.text) ? 'off' : undefined}>
                  <th scope="row">{name(view)}</th>
                  {numbersOf(view, scales.get(view.unit), ts, at === null).map((text, i) => (
                    <td key={i} class="number">
                      {text}
                    </td>
                  ))}
                  <td>{scaleText(scales.get(view.unit), view.unit)}</td>
                  {out(view)}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {lanes.length > 0 && (
        <table class="states">
          <caption class="hidden">Time in each state</caption>
          <tbody>
            {lanes.map((view) => (
              <tr key={view.text} class={hidden.has(view.text) ? 'off' : undefined}>
                <th scope="row">
                  {name(view)}
                  <small>{stateAt(view, ts, zone)}</small>
                </th>
                <td>
                  <Shares view={view} />
                </td>
                {out(view)}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Name({
  view: { text, colour, kind, read },
  hidden,
  toggle,
}: Pick<LegendProps, 'hidden' | 'toggle'> & { view: View }) {
  const isHidden = hidden.has(text);
  return (
    <span class="series-name">
      {kind === 'line' && (
        <span class="swatch" ref={(chip) => chip?.style.setProperty('background', `var(${colour})`)} />
      )}
      {toggle === undefined ? (
        read.name.metric
      ) : (
        <>
          <button
            type="button"
            class="link"
            aria-pressed={!isHidden}
            title={isHidden ? 'Show in the chart' : 'Hide in the chart'}
            onClick={() => toggle(text)}
          >
            {/* One element, because a button puts space between its parts. */}
            <span>
              <DeviceName id={read.name.device} />:{read.name.metric}
            </span>
          </button>
          <Link to={devicePath(read.name.device)} label={`Open ${deviceLabel(read.name.device)}`} class="open">
            ↗
          </Link>
        </>
      )}
    </span>
  );
}

type LineView = Extract<View, { kind: 'line' }>;
type LaneView = Extract<View, { kind: 'lane' }>;

/** The value at a time, or the newest one, then least, greatest and mean in the range. */
function numbersOf(
  { line: { points }, summary, unit }: LineView,
  shared: Scale | undefined,
  ts: number,
  newest: boolean,
): string[] {
  if (summary === null) return ['–', '–', '–', '–'];
  const { least, greatest, mean } = summary;
  const scale = shared ?? scaleOf([least, greatest], unit);
  const value = newest ? (points.line.findLast((one) => one !== null) ?? null) : valueAt(points, ts);
  return [value, least, greatest, mean].map((one) => (one === null ? 'gap' : numberIn(one, scale)));
}

const scaleText = (scale: Scale | undefined, unit: string): string => scale?.unit ?? unitText(unit);

function stateAt({ runs }: LaneView, ts: number, zone: Zone): string {
  const run = runAt(runs, ts) ?? (runs.at(-1)?.to === ts ? runs.at(-1) : null);
  if (run == null) return 'no state at this time';
  return `${run.value} for ${durationText(run.to - run.from)} from ${timeText(run.from, zone)}`;
}

const sharesShown = 8;

function Shares({ view: { runs, lane } }: { view: LaneView }) {
  const shares = sharesOf(runs);
  const all = shares.reduce((sum, { ms }) => sum + ms, 0);
  if (all === 0) return <small>no data in this time range</small>;
  return (
    <ul class="legend">
      {shares.slice(0, sharesShown).map(({ value, ms, runs: count }) => (
        <li key={value}>
          <span
            class="swatch"
            ref={(chip) => chip?.style.setProperty('background', `var(${lane.colours.get(value) ?? '--soft'})`)}
          />
          <span>
            <b>{value}</b>{' '}
            <small>
              {durationText(ms)}, {Math.round((100 * ms) / all)} %, {count === 1 ? 'once' : `${count} times`}
            </small>
          </span>
        </li>
      ))}
      {shares.length > sharesShown && <li>and {countOf(shares.length - sharesShown, 'other value')}</li>}
    </ul>
  );
}
