import { useEffect, useRef, useState } from 'preact/hooks';
import { unitText } from '../../schemas/display/units.js';
import type { ReadingItem } from '../../schemas/generated/operator.js';
import type { Chart } from '../chart/chart.js';
import { numberText } from '../chart/numberText.js';
import { type Points, pointsOf, type Summary, summaryOf } from '../chart/points.js';
import { bucketOf, moved, type Range, rangeOf, scaled, zoomText } from '../chart/range.js';
import { type Values, valuesOf } from '../fleet/values.js';
import { Failed } from '../parts/empty.js';
import { param, setParams } from '../parts/router.js';
import { currentApi, now } from '../session/session.js';
import { RangeButtons } from './rangeButtons.js';

const pageItems = 10_000;
/** A chart that follows the clock is read again this often. Between two reads, live values are added to it. */
const readAgainMs = 30_000;

const noPoints: Points = { x: [], line: [], low: [], high: [] };

/** The chart of one metric: the one in the address, else the first that is a number. Nothing if there is none. */
export function Readings({ id }: { id: string }) {
  const values = valuesOf(id);
  const metric = param('metric') || firstNumber(values);
  if (metric === '') return null;
  return <MetricChart key={metric} id={id} metric={metric} unit={values[metric]?.unit ?? null} />;
}

function firstNumber(values: Values): string {
  return Object.keys(values).find((name) => typeof values[name].value === 'number') ?? '';
}

interface Stored {
  items: ReadingItem[];
  /** null: single readings. */
  bucketMs: number | null;
}

interface MetricProps {
  id: string;
  metric: string;
  unit: string | null;
}

function MetricChart({ id, metric, unit }: MetricProps) {
  const span = param('span') || '5m';
  const zoom = param('zoom');
  const range = rangeOf(zoom, span, now.value);
  const { stored, live, trouble, read } = useReadings(id, metric, zoom, span);
  const newest = valuesOf(id)[metric];
  if (newest !== undefined && range.follow && live.current[live.current.length - 1]?.ts !== newest.ts)
    live.current.push({ metric, ts: newest.ts, value: newest.value });
  const points = stored === null ? noPoints : pointsOf(together(stored.items, live.current, range), stored.bucketMs);
  const steps = typeof newest?.value === 'boolean';
  const place = useChart(metric, unitText(unit), steps, points, range, [stored, newest?.ts, now.value, zoom, span]);

  const show = (next: Range): void => setParams({ zoom: zoomText(next) });
  const summary = summaryOf(points);
  const text = summary === null ? '' : `${summaryText(summary)} ${unitText(unit)}`;
  return (
    <section class="card chart" aria-labelledby="chart">
      <div class="chart-head">
        <h2 id="chart">
          {metric} <small>{unitText(unit)}</small>
        </h2>
        <RangeButtons range={range} span={span} show={show} />
      </div>
      {trouble !== null && <Failed what={trouble} retry={read} />}
      <div
        class="plot"
        ref={place}
        role="img"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart is moved with the arrow keys
        tabIndex={0}
        aria-label={`${metric} over time: ${text || 'no data yet'}. Arrow keys move, plus and minus zoom.`}
        onDblClick={() => setParams({ zoom: '' })}
        onKeyDown={(event) => {
          const next = byKey(event.key, range);
          if (next === null) return;
          event.preventDefault();
          show(next);
        }}
      />
      <p class="summary">
        {summary === null
          ? stored === null
            ? 'Loading…'
            : 'Nothing to draw in this time range. Zoom out, or choose a span such as 5m.'
          : text}
        {summary !== null && summary.gaps > 0 && ` · ${summary.gaps === 1 ? '1 gap' : `${summary.gaps} gaps`}`}
        <small>
          {stored?.bucketMs == null
            ? 'single readings'
            : `mean per ${bucketOf(range.to - range.from)?.every ?? '1s'}, and the band from min to max`}
          {' · drag to zoom, double-click to reset'}
        </small>
      </p>
    </section>
  );
}

/** Least, mean and greatest with as many decimals as their difference needs. */
function summaryText({ least, mean, greatest }: Summary): string {
  const short = (value: number): string => numberText(value, (greatest - least) / 200 || 0.01);
  return `min ${short(least)}, mean ${short(mean)}, max ${short(greatest)}`;
}

/** Reads what is stored of a metric in the range, again and again while the range follows the clock. `live` holds the values that came since. */
function useReadings(id: string, metric: string, zoom: string, span: string) {
  const [stored, setStored] = useState<Stored | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const live = useRef<ReadingItem[]>([]);
  const read = (): void => {
    readRange(id, metric, rangeOf(zoom, span, Date.now())).then(
      (found) => {
        live.current = live.current.filter(({ ts }) => ts > (found.items[found.items.length - 1]?.ts ?? 0));
        setStored(found);
        setTrouble(null);
      },
      (error: Error) => setTrouble(error.message),
    );
  };
  useEffect(() => {
    read();
    const { follow } = rangeOf(zoom, span, Date.now());
    const timer = follow ? setInterval(read, readAgainMs) : undefined;
    return () => clearInterval(timer);
  }, [id, metric, zoom, span]);
  return { stored, live, trouble, read };
}

/** Makes the chart in the element of the returned reference, and draws it again whenever one of `changes` does. */
function useChart(metric: string, unit: string, steps: boolean, points: Points, range: Range, changes: unknown[]) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const draw = (): void => chart.current?.show(points, range);
  useEffect(() => {
    let ended = false;
    // uPlot is loaded when the first chart is shown.
    void import('../chart/chart.js').then(({ createChart }) => {
      if (ended || place.current === null) return;
      const zoomed = (from: number, to: number): void => setParams({ zoom: zoomText({ from, to, follow: false }) });
      chart.current = createChart({ element: place.current, unit, steps, zoomed });
      draw();
    });
    return () => {
      ended = true;
      chart.current?.end();
      chart.current = null;
    };
  }, [metric, unit, steps]);
  useEffect(draw, changes);
  return place;
}

function byKey(key: string, range: Range): Range | null {
  switch (key) {
    case 'ArrowLeft':
      return moved(range, -0.25, Date.now());
    case 'ArrowRight':
      return moved(range, 0.25, Date.now());
    case '+':
      return scaled(range, 0.5, Date.now());
    case '-':
      return scaled(range, 2, Date.now());
    default:
      return null;
  }
}

/** Reads a range: single readings if it is short, else buckets. */
async function readRange(id: string, metric: string, { from, to }: Range): Promise<Stored> {
  const bucket = bucketOf(to - from);
  const { items, next } = await currentApi().readings(id, {
    metric,
    from: String(Math.floor(from)),
    to: String(Math.ceil(to) + 1),
    limit: String(pageItems),
    ...(bucket === null ? {} : { every: bucket.every }),
  });
  // If there are more readings than one page holds, the chart shows buckets of one second instead.
  if (next === null) return { items: items as ReadingItem[], bucketMs: bucket?.ms ?? null };
  const gathered = await currentApi().readings(id, {
    metric,
    from: String(Math.floor(from)),
    to: String(Math.ceil(to) + 1),
    limit: String(pageItems),
    every: '1s',
  });
  return { items: gathered.items as ReadingItem[], bucketMs: 1_000 };
}

/** The stored readings, and after them the live readings that came since they were read. */
function together(stored: ReadingItem[], live: ReadingItem[], { from, to, follow }: Range): ReadingItem[] {
  const end = stored[stored.length - 1]?.ts ?? 0;
  const more = follow ? live.filter(({ ts }) => ts > end) : [];
  return [...stored, ...more].filter(({ ts }) => ts >= from - 60_000 && ts <= to + 60_000);
}
