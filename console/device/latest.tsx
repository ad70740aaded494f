import { valueText } from '../../schemas/message/valueText.js';
import { valuesOf } from '../fleet/values.js';
import { Empty } from '../parts/empty.js';
import { unitText } from '../parts/format.js';
import { param, setParams } from '../parts/router.js';
import { Time } from '../parts/time.js';

/** The newest value of every metric; a press on a number draws it. */
export function Latest({ id }: { id: string }) {
  const metrics = Object.entries(valuesOf(id));
  if (metrics.length === 0)
    return (
      <section class="card">
        <Empty title="No readings yet.">
          <p>
            Once the device sends, its values are here. If it believes that it does, look at its{' '}
            <button type="button" class="link" onClick={() => setParams({ tab: 'rejected' })}>
              refused frames
            </button>
            .
          </p>
        </Empty>
      </section>
    );
  const drawn = param('metric') || (metrics.find(([, { value }]) => typeof value === 'number')?.[0] ?? '');
  return (
    <section class="card latest" aria-labelledby="latest">
      <h2 id="latest">Newest values</h2>
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
