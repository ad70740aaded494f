import { seriesText } from '../chart/series.js';
import { type Values, valuesOf } from '../fleet/values.js';
import { Link } from '../parts/link.js';
import { param, query } from '../parts/router.js';
import { SeriesCharts } from '../series/charts.js';
import { RangeBar, rangeInAddress } from '../series/rangeBar.js';
import { now } from '../session/session.js';

const none: ReadonlySet<string> = new Set();

/** The chart of one metric: the one in the address, else the first that is a number. Nothing if the device has sent nothing. */
export function Readings({ id }: { id: string }) {
  const metric = drawnMetric(valuesOf(id));
  const { range, zone, asked, fault, moves } = rangeInAddress('-5m', now.value);
  if (metric === '') return null;
  return (
    <section class="card chart" aria-labelledby="chart">
      <div class="chart-head">
        <h2 id="chart">{metric}</h2>
        <Link to={comparePath(id, metric)} class="button quiet">
          Compare…
        </Link>
      </div>
      <RangeBar range={range} zone={zone} asked={asked} />
      {fault !== null && (
        <p class="notice warn" role="status">
          {fault} The last 5 minutes are shown.
        </p>
      )}
      <SeriesCharts
        key={metric}
        names={[{ device: id, metric }]}
        range={range}
        zone={zone}
        asked={`${asked.from} ${asked.to} ${asked.zoom} ${zone}`}
        moves={moves}
        hidden={none}
      />
    </section>
  );
}

/** The metric in the address, else the first number, else the first one. */
export function drawnMetric(values: Values): string {
  const names = Object.keys(values);
  return param('metric') || (names.find((name) => typeof values[name].value === 'number') ?? names[0] ?? '');
}

/** The page of charts with this metric and range, where others can be added. */
function comparePath(device: string, metric: string): string {
  const parameters = new URLSearchParams({ series: seriesText({ device, metric }), add: '1' });
  for (const name of ['from', 'to', 'zoom', 'zone'])
    for (const value of query.value.getAll(name)) parameters.append(name, value);
  if (!parameters.has('from')) parameters.append('from', '-5m');
  return `/chart?${parameters}`;
}
