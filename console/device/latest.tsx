/**
 * The latest values of a device. device/ holds the pieces of a device's page: values, chart, details, rejected frames, traces and
 * credentials. Its commands are in commands/, and what concerns many devices is in fleet/.
 */

import { shortText } from '../../schemas/display/values.js';
import type { LatestMetric } from '../../schemas/generated/operator.js';
import { deviceOf } from '../fleet/devices.js';
import { valuesOf, written } from '../fleet/values.js';
import { Empty } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { setParams } from '../parts/router.js';
import { Time } from '../parts/time.js';
import { drawnMetric } from './readings.js';

/** The latest value of every metric. A press on the name of a metric draws it in the chart. */
export function Latest({ id }: { id: string }) {
  const metrics = Object.entries(valuesOf(id));
  const isNew = deviceOf(id)?.presence.state === 'never';
  if (metrics.length === 0)
    return (
      <section class="card">
        <Empty
          title="No readings yet."
          action={
            isNew ? (
              <button type="button" class="primary" onClick={() => setParams({ tab: 'access' })}>
                Get a secret and a program
              </button>
            ) : (
              <button type="button" class="quiet" onClick={() => setParams({ tab: 'rejected' })}>
                Rejected frames
              </button>
            )
          }
        >
          {isNew ? (
            <p>
              The device has not connected yet. If it tried to connect,{' '}
              <Link to={`/attempts?device=${encodeURIComponent(id)}`}>Refused connections</Link> shows the reason.
            </p>
          ) : (
            <p>
              The latest values appear here as soon as the device sends. If the device does send, its frames may be
              rejected.
            </p>
          )}
        </Empty>
      </section>
    );
  const drawn = drawnMetric(valuesOf(id));
  return (
    <section class="card latest" aria-labelledby="latest">
      <h2 id="latest">Latest values</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">metric</th>
            <th scope="col" class="number">
              value
            </th>
            <th scope="col" class="number">
              age
            </th>
          </tr>
        </thead>
        <tbody>
          {metrics.map(([metric, latest]) => (
            <Metric key={metric} metric={metric} latest={latest} drawn={metric === drawn} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

const textMax = 60;

function Metric({ metric, latest, drawn }: { metric: string; latest: LatestMetric; drawn: boolean }) {
  const { value, unit } = written(metric, latest);
  return (
    <tr class={drawn ? 'drawn' : undefined}>
      <th scope="row">
        <button type="button" class="link" aria-pressed={drawn} onClick={() => draw(metric)}>
          {metric}
        </button>
      </th>
      <td class="number" title={exactText(latest)}>
        <b>{shortText(value, textMax)}</b>
        {unit === '°' ? '°' : ` ${unit}`}
      </td>
      <td class="number">
        <Time at={latest.ts} as="span" />
      </td>
    </tr>
  );
}

/** The value with every digit, for the tooltip. */
const exactText = ({ value, unit }: LatestMetric): string => (unit === null ? `${value}` : `${value} ${unit}`);

/** Draws the metric, and scrolls to the chart if it is not on the screen, as on a phone or below a long list. */
function draw(metric: string): void {
  setParams({ metric, zoom: '' });
  document.querySelector('.chart')?.scrollIntoView({ block: 'nearest' });
}
