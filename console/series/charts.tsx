/**
 * series/ shows series of any devices over time: reads them, draws them with chart/, and exports them. It does not know which page
 * shows them; what they are is in the address, which the page reads.
 */
import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Scale } from '../../schemas/display/numbers.js';
import type { Line } from '../chart/chart.js';
import type { Listeners } from '../chart/frame.js';
import type { Lane } from '../chart/lanes.js';
import { moved, type Range, scaled, type Zone, zoomText } from '../chart/range.js';
import type { SeriesName } from '../chart/series.js';
import { Failed } from '../parts/empty.js';
import { setParams } from '../parts/router.js';
import { now } from '../session/session.js';
import { Export } from './export.js';
import { Legend } from './legend.js';
import { summaryText } from './summary.js';
import { useSeries } from './useSeries.js';
import { scalesOf, type View, viewOf } from './view.js';

interface ChartsProps {
  names: readonly SeriesName[];
  range: Range;
  zone: Zone;
  /** Changes whenever the address asks for another range. */
  asked: string;
  /** True if the range moves with the clock. */
  moves: boolean;
  /** The series that are not drawn, as in the address. */
  hidden: ReadonlySet<string>;
  /** Shows or hides a series; undefined if there is only one. */
  toggle?(text: string): void;
  /** Takes a series off the page; undefined if the page shows what it shows. */
  remove?(text: string): void;
}

/** The charts of some series on one time axis: lines by unit, below them bars of states, and the legend. */
export function SeriesCharts({ names, range, zone, asked, moves, hidden, toggle, remove }: ChartsProps) {
  const { series, read } = useSeries(names, range, asked, moves);
  const pointed = useSignal<number | null>(null);
  const views = series.map((one, i) => viewOf(one, i, range, now.value));
  const shown = views.filter(({ text }) => !hidden.has(text));
  const scales = scalesOf(shown);
  const lines = shown.flatMap((view) =>
    view.kind === 'line' && view.line.points.x.length > 0
      ? [{ ...view.line, divisor: scales.get(view.unit)?.divisor ?? 1 }]
      : [],
  );
  const lanes = shown.flatMap((view) => (view.kind === 'lane' ? [view.lane] : []));
  const units = [...new Set(lines.map(({ unit }) => unit))];
  const panels = units.length <= 2 ? [lines] : units.map((unit) => lines.filter((line) => line.unit === unit));
  const bothSides = units.length === 2;
  const troubles = [...new Set(series.flatMap(({ trouble }) => (trouble === null ? [] : [trouble])))];
  const drawn = { range, zone, bothSides, pointed, scales };
  return (
    <>
      {troubles.map((trouble) => (
        <Failed key={trouble} what={trouble} retry={read} />
      ))}
      <div
        class="plots"
        role="img"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart is moved with the arrow keys
        tabIndex={0}
        aria-label={`${describe(views)} Arrow keys move, plus and minus zoom, 0 resets.`}
        onDblClick={() => setParams({ zoom: '' })}
        onKeyDown={(event) => {
          const next = zoomByKey(event.key, range);
          if (next === null) return;
          event.preventDefault();
          setParams({ zoom: next });
        }}
      >
        {(lines.length > 0 || lanes.length === 0) &&
          panels.map((panel, i) => <LinePanel key={`${i} ${bothSides}`} lines={panel} {...drawn} />)}
        {lanes.length > 0 && <LanePanel key={`${bothSides}`} lanes={lanes} {...drawn} />}
      </div>
      <p class="summary">
        {summaryText(views)}
        <small>drag to zoom, Shift and drag to move, double-click to reset</small>
      </p>
      <Legend views={views} hidden={hidden} {...drawn} toggle={toggle} remove={remove} />
      <Export names={shown.map(({ read: { name } }) => name)} range={range} />
    </>
  );
}

/** What the chart shows, for who cannot see it. */
function describe(views: View[]): string {
  return `Chart of ${views.map(({ label }) => label).join(', ')}. The table below has the values.`;
}

interface PanelProps {
  range: Range;
  zone: Zone;
  bothSides: boolean;
  pointed: Signal<number | null>;
  /** Per unit. */
  scales: ReadonlyMap<string, Scale>;
}

const listenersOf = (pointed: Signal<number | null>): Listeners => ({
  zoomed: (from, to) => setParams({ zoom: zoomText({ from, to, follow: false }) }),
  pointed: (ts) => {
    pointed.value = ts;
  },
});

/** A chart of chart/: what it draws, within a range. */
interface Chart<Content> {
  show(content: Content, range: Range, zone: Zone): void;
  end(): void;
}

type Create<Content> = (element: HTMLElement, bothSides: boolean, listeners: Listeners) => Chart<Content>;

/** Draws a chart in the element that the returned reference is given to, again whenever the panel is drawn. uPlot is loaded when the first one is shown. */
function useChart<Content>(
  load: () => Promise<Create<Content>>,
  content: Content,
  { range, zone, bothSides, pointed }: PanelProps,
): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart<Content> | null>(null);
  const draw = (): void => chart.current?.show(content, range, zone);
  const latest = useRef(draw);
  latest.current = draw;
  useEffect(() => {
    let ended = false;
    void load().then((create) => {
      if (ended || place.current === null) return;
      chart.current = create(place.current, bothSides, listenersOf(pointed));
      latest.current();
    });
    return () => {
      ended = true;
      chart.current?.end();
      chart.current = null;
    };
  }, []);
  useEffect(draw);
  return place;
}

const loadLines = async () => (await import('../chart/chart.js')).createLineChart;
const loadLanes = async () => (await import('../chart/lanes.js')).createLaneChart;

function LinePanel({ lines, ...drawn }: PanelProps & { lines: readonly Line[] }) {
  const units = [...new Set(lines.map(({ unit }) => drawn.scales.get(unit)?.unit ?? ''))];
  const place = useChart(loadLines, lines, drawn);
  return (
    <>
      {units.some((unit) => unit !== '') && (
        <p class={units.length > 1 ? 'units both' : 'units'}>
          {units.map((unit) => (
            <small key={unit}>{unit}</small>
          ))}
        </p>
      )}
      <div class="plot" ref={place} />
    </>
  );
}

function LanePanel({ lanes, ...drawn }: PanelProps & { lanes: readonly Lane[] }) {
  return <div class="lanes" ref={useChart(loadLanes, lanes, drawn)} />;
}

/** The zoom that a key leads to; the empty text for none, null if the key means nothing here. */
function zoomByKey(key: string, range: Range): string | null {
  switch (key) {
    case 'ArrowLeft':
      return zoomText(moved(range, -0.25, Date.now()));
    case 'ArrowRight':
      return zoomText(moved(range, 0.25, Date.now()));
    case '+':
      return zoomText(scaled(range, 0.5, Date.now()));
    case '-':
      return zoomText(scaled(range, 2, Date.now()));
    case '0':
      return '';
    default:
      return null;
  }
}
