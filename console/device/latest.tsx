/**
 * The latest values of a device. device/ holds the pieces of a device's page: values, chart, details, rejected frames, traces and
 * credentials. Its commands are in commands/, and what concerns many devices is in fleet/.
 */
import { valueText } from '../../schemas/message/valueText.js';
import { valuesOf } from '../fleet/values.js';
import { Empty } from '../parts/empty.js';
import { unitText } from '../parts/format.js';
import { param, setParams } from '../parts/router.js';
import { Time } from '../parts/time.js';

/** The latest value of every metric. A press on the name of a number or boolean draws it in the chart. */
export function Latest({ id }: { id: string }) {
  const metrics = Object.entries(valuesOf(id));
  if (metrics.length === 0)
    return (
      <section class="card">
        <Empty title="No readings yet.">
          <p>
            The latest values appear here as soon as the device sends. If the device does send, check its{' '}
            <button type="button" class="link" onClick={() => setParams({ tab: 'rejected' })}>
              rejected frames
            </button>
            .
          </p>
        </Empty>
      </section>
    );
  const drawn = param('metric') || (metrics.find(([, { value }]) => typeof value === 'number')?.[0] ?? '');
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
            <th scope="col">
              <span class="hidden">unit</span>
            </th>
            <th scope="col" class="number">
              age
            </th>
          </tr>
        </thead>
        <tbody>
          {metrics.map(([metric, { ts, value, unit }]) => (
            <tr key={metric} class={metric === drawn ? 'drawn' : undefined}>
              <th scope="row">
                {typeof value === 'string' ? (
                  metric
                ) : (
                  <button
                    type="button"
                    class="link"
                    aria-pressed={metric === drawn}
                    onClick={() => setParams({ metric, zoom: '' })}
                  >
                    {metric}
                  </button>
                )}
              </th>
              <td class="number">
                <b>{valueText(value)}</b>
              </td>
              <td>{unitText(unit)}</td>
              <td class="number">
                <Time at={ts} as="span" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
