import { columns, metricNames } from './columns.js';
import { sortBy, sorting } from './order.js';

/** The headings of the list. Pressing one sorts the list by it, and pressing it again turns the order round. */
export function ListHead({ selectable }: { selectable: boolean }) {
  const { by } = sorting.value;
  return (
    <thead>
      <tr class="row list-columns" aria-rowindex={1}>
        {selectable && (
          <th scope="col" class="pick">
            <span class="hidden">Selected</span>
          </th>
        )}
        <Heading by="state" text="State" class="state" />
        <th scope="col" class="id" aria-sort={by === '' || by === 'name' ? direction() : 'none'}>
          <SortButton by="name" text="Name" />
          <SortButton by="" text="Id" />
        </th>
        {columns.value === null ? (
          <th scope="col" class="by-metric" aria-sort={metricOf(by) === null ? 'none' : direction()}>
            <ByMetric />
          </th>
        ) : (
          columns.value.map(({ kind, name }) =>
            kind === 'metric' ? (
              <Heading key={`m.${name}`} by={`m.${name}`} text={name} class="cell" />
            ) : (
              <th scope="col" key={`t.${name}`} class="cell">
                {name}
              </th>
            ),
          )
        )}
        <Heading by="seen" text="Last seen" class="age" />
      </tr>
    </thead>
  );
}

const direction = (): 'ascending' | 'descending' => (sorting.value.descending ? 'descending' : 'ascending');

const metricOf = (by: string): string | null => (by.startsWith('m.') ? by.slice(2) : null);

/** The metric that the list is sorted by although no heading says so; null if a heading does. */
export function sortedUnseen(): string | null {
  const metric = metricOf(sorting.value.by);
  if (metric === null || columns.value === null) return null;
  return columns.value.some(({ kind, name }) => kind === 'metric' && name === metric) ? null : metric;
}

function Heading({ by, text, class: name }: { by: string; text: string; class: string }) {
  return (
    <th scope="col" class={name} aria-sort={sorting.value.by === by ? direction() : 'none'}>
      <SortButton by={by} text={text} />
    </th>
  );
}

function SortButton({ by, text }: { by: string; text: string }) {
  const { by: now, descending } = sorting.value;
  const isOn = now === by;
  return (
    <button
      type="button"
      class={isOn ? 'sort on' : 'sort'}
      title={isOn ? 'Turn the order round' : `Sort by ${text.toLowerCase()}`}
      onClick={() => sortBy(by, isOn && !descending)}
    >
      {text}
      <span aria-hidden="true">{isOn ? (descending ? ' ↓' : ' ↑') : ''}</span>
    </button>
  );
}

/** Without chosen columns each row shows its first values, so the metric to sort by is chosen in the heading. */
function ByMetric() {
  const { by, descending } = sorting.value;
  const metric = metricOf(by);
  const names =
    metric === null || metricNames.value.includes(metric) ? metricNames.value : [metric, ...metricNames.value];
  return (
    <>
      <select
        aria-label="Sort by latest value"
        value={metric === null ? '' : by}
        onChange={({ currentTarget }) => sortBy(currentTarget.value, false)}
      >
        <option value="">Latest values</option>
        {names.map((name) => (
          <option key={name} value={`m.${name}`}>
            by {name}
          </option>
        ))}
      </select>
      {metric !== null && (
        <button
          type="button"
          class="sort on"
          aria-label="Turn the order round"
          title="Turn the order round"
          onClick={() => sortBy(by, !descending)}
        >
          {descending ? '↓' : '↑'}
        </button>
      )}
    </>
  );
}
