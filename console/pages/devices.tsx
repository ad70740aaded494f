import { useEffect } from 'preact/hooks';
import { countText } from '../../schemas/display/numbers.js';
import { BulkBar } from '../fleet/bulkBar.js';
import { DeviceRows } from '../fleet/deviceRows.js';
import { counts, listed, modelNames, tagCounts } from '../fleet/devices.js';
import { ListTools } from '../fleet/listTools.js';
import { watchOrder } from '../fleet/order.js';
import { selectAll, selection } from '../fleet/selection.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { param, setParams } from '../parts/router.js';
import { may } from '../session/session.js';

/** All devices, filtered by what is in the address: search, state, model, tag. */
export function DevicesPage() {
  useEffect(watchOrder, []);
  return (
    <Main
      title="Devices"
      class="filled"
      actions={
        <Link to="/add" class="button primary">
          Add a device
        </Link>
      }
    >
      <Filters />
      <div class="list-head">
        {may('operator') && <SelectAll />}
        <ListTools />
      </div>
      {may('operator') && <BulkBar />}
      <DeviceRows />
    </Main>
  );
}

/** The box that selects all devices that match the filters. */
function SelectAll() {
  const shown = listed.value;
  const chosen = selection.value;
  const all = shown.length > 0 && shown.length <= chosen.size && shown.every(({ id }) => chosen.has(id));
  return (
    <label class="check select-all">
      <input
        type="checkbox"
        checked={all}
        disabled={shown.length === 0}
        onClick={({ currentTarget }) => selectAll(listed.peek(), currentTarget.checked)}
      />
      Select all {countText(shown.length)}
    </label>
  );
}

const states = ['', 'online', 'late', 'asleep', 'disconnected', 'offline', 'never'] as const;

function Filters() {
  const { all, ...perState } = counts.value;
  useEffect(() => {
    const slash = (event: KeyboardEvent): void => {
      if (event.key !== '/' || /^(input|textarea|select)$/i.test((event.target as Element).tagName)) return;
      event.preventDefault();
      document.querySelector<HTMLInputElement>('.filters input[type=search]')?.focus();
    };
    addEventListener('keydown', slash);
    return () => removeEventListener('keydown', slash);
  }, []);
  const shown = states.filter(
    (state) => state === '' || state === 'online' || perState[state] > 0 || param('state') === state,
  );
  return (
    <search class="filters">
      <input
        type="search"
        aria-label="Search devices by id, name, model or tag"
        placeholder="Search id, name, model, tag=value"
        value={param('q')}
        onInput={({ currentTarget }) => setParams({ q: currentTarget.value })}
      />
      <fieldset class="chips">
        <legend class="hidden">State</legend>
        {shown.map((state) => (
          <label key={state}>
            <input type="radio" name="state" checked={param('state') === state} onChange={() => setParams({ state })} />
            <span>
              {state === '' ? 'all' : state} <b>{countText(state === '' ? all : perState[state])}</b>
            </span>
          </label>
        ))}
      </fieldset>
      <Choice name="model" all="any model" choices={modelNames.value.map((name) => [name, name])} />
      <Choice
        name="tag"
        all="any tag"
        choices={tagCounts.value.map(([tag, count]) => [tag, `${tag} (${countText(count)})`])}
      />
      <p class="found" role="status">
        {countText(listed.value.length)} shown
      </p>
    </search>
  );
}

function Choice({ name, all, choices }: { name: string; all: string; choices: [string, string][] }) {
  const chosen = param(name);
  const known = chosen === '' || choices.some(([value]) => value === chosen);
  return (
    <select
      aria-label={name}
      value={chosen}
      onChange={({ currentTarget }) => setParams({ [name]: currentTarget.value })}
    >
      <option value="">{all}</option>
      {!known && <option value={chosen}>{chosen}</option>}
      {choices.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}
