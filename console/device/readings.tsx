import { useEffect, useRef, useState } from 'preact/hooks';
import type { ReadingItem } from '../../schemas/generated/operator.js';
import type { Chart } from '../chart/chart.js';
import { numberText } from '../chart/numberText.js';
import { type Points, pointsOf, summaryOf } from '../chart/points.js';
import { bucketOf, moved, type Range, rangeOf, scaled, spans, zoomText } from '../chart/range.js';
import { valuesOf } from '../fleet/values.js';
import { Failed } from '../parts/empty.js';
import { unitText } from '../parts/format.js';
import { param, setParams } from '../parts/router.js';
import { currentApi, now } from '../session/session.js';

const pageItems = 10_000;
/** A chart that follows is read anew so often; in between the live values go on from it. */
const readAgainMs = 30_000;

const noPoints: Points = { x: [], line: [], low: [], high: [] };

/** One metric over time: what was stored, and what comes in. */
export function Readings({ id }: { id: string }) {
  const values = valuesOf(id);
  const metric = param('metric') || firstNumber(values);
  if (metric === '') return null;
  return <MetricChart key={metric} id={id} metric={metric} unit={values[metric]?.unit ?? null} />;
}

function firstNumber(values: ReturnType<typeof valuesOf>): string {
  return Object.keys(values).find((name) => typeof values[name].value === 'number') ?? '';
}

function MetricChart({ id, metric, unit }: { id: string; metric: string; unit: string | null }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const [stored, setStored] = useState<{ items: ReadingItem[]; bucketMs: number | null; readAt: number } | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const live = useRef<ReadingItem[]>([]);
  const span = param('span') || '5m';
  const zoom = param('zoom');
  const range = rangeOf(zoom, span, now.value);
  const newest = valuesOf(id)[metric];
  const steps = typeof newest?.value === 'boolean';

  const read = (): void => {
    const wanted = rangeOf(zoom, span, Date.now());
    readRange(id, metric, wanted).then(
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
    const timer = range.follow ? setInterval(read, readAgainMs) : undefined;
    return () => clearInterval(timer);
  }, [id, metric, zoom, span]);

  useEffect(() => {
    let ended = false;
    // uPlot comes when the first chart does.
    void import('../chart/chart.js').then(({ createChart }) => {
      if (ended || place.current === null) return;
      chart.current = createChart({
        element: place.current,
        unit: unitText(unit),
        steps,
        zoomed: (from, to) => setParams({ zoom: zoomText({ from, to, follow: false }) }),
      });
      draw();
    });
    return () => {
      ended = true;
      chart.current?.end();
      chart.current = null;
    };
  }, [metric, unit, steps]);

  if (newest !== undefined && range.follow && live.current[live.current.length - 1]?.ts !== newest.ts)
    live.current.push({ metric, ts: newest.ts, value: newest.value });

  const points = stored === null ? noPoints : pointsOf(together(stored.items, live.current, range), stored.bucketMs);
  const draw = (): void => chart.current?.show(points, range);
  useEffect(draw, [stored, newest?.ts, now.value, zoom, span]);

  const show = (next: Range): void => setParams({ zoom: zoomText(next) });
  const summary = summaryOf(points);
  const short = (value: number): string =>
    numberText(value, summary === null ? 1 : (summary.greatest - summary.least) / 200 || 0.01);
  const text =
    summary === null
      ? ''
      : `least ${short(summary.least)}, mean ${short(summary.mean)}, greatest ${short(summary.greatest)} ${unitText(unit)}`;
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
        aria-label={`${metric} over time: ${text || 'nothing yet'}. Arrow keys move, plus and minus zoom.`}
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
            ? 'Reading…'
            : 'Nothing was stored in this time. Widen it, or go back to now.'
          : text}
        {summary !== null && summary.gaps > 0 && ` · ${summary.gaps === 1 ? 'one gap' : `${summary.gaps} gaps`}`}
        <small>
          {stored?.bucketMs == null
            ? 'single readings'
            : `mean with the band from least to greatest, of ${bucketOf(range.to - range.from)?.every ?? ''} each`}
          {' · drag to zoom'}
        </small>
      </p>
    </section>
  );
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

async function readRange(id: string, metric: string, { from, to }: Range) {
  const bucket = bucketOf(to - from);
  const { items, next } = await currentApi().readings(id, {
    ...{ metric, from: String(Math.floor(from)), to: String(Math.ceil(to) + 1), limit: String(pageItems) },
    ...(bucket === null ? {} : { every: bucket.every }),
  });
  // A device that sends faster than a page holds is gathered by the second instead.
  if (next === null) return { items: items as ReadingItem[], bucketMs: bucket?.ms ?? null, readAt: Date.now() };
  const gathered = await currentApi().readings(id, {
    metric,
    from: String(Math.floor(from)),
    to: String(Math.ceil(to) + 1),
    limit: String(pageItems),
    every: '1s',
  });
  return { items: gathered.items as ReadingItem[], bucketMs: 1_000, readAt: Date.now() };
}

/** Stored readings, and after them what came in since. */
function together(stored: ReadingItem[], live: ReadingItem[], { from, to, follow }: Range): ReadingItem[] {
  const end = stored[stored.length - 1]?.ts ?? 0;
  const more = follow ? live.filter(({ ts }) => ts > end) : [];
  return [...stored, ...more].filter(({ ts }) => ts >= from - 60_000 && ts <= to + 60_000);
}

function RangeButtons({ range, span, show }: { range: Range; span: string; show(next: Range): void }) {
  return (
    <fieldset class="range">
      <legend class="hidden">Time shown</legend>
      <button
        type="button"
        class="quiet"
        aria-label="Earlier"
        title="Earlier (←)"
        onClick={() => show(moved(range, -0.5, Date.now()))}
      >
        ‹
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Later"
        title="Later (→)"
        disabled={range.follow}
        onClick={() => show(moved(range, 0.5, Date.now()))}
      >
        ›
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Zoom in"
        title="Zoom in (+)"
        onClick={() => show(scaled(range, 0.5, Date.now()))}
      >
        +
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Zoom out"
        title="Zoom out (−)"
        onClick={() => show(scaled(range, 2, Date.now()))}
      >
        −
      </button>
      <span class="segments">
        {Object.keys(spans).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={range.follow && span === name}
            onClick={() => setParams({ span: name === '5m' ? '' : name, zoom: '' })}
          >
            {name}
          </button>
        ))}
      </span>
    </fieldset>
  );
}
