import { DeviceList } from './deviceList.js';
import { DevicePanel } from './devicePanel.js';
import { countText } from './format.js';
import { SignIn } from './signIn.js';
import { counts, failure, filter, gateway, key, linked, search, selected, signOut } from './state.js';

export function App() {
  if (key.value === null) return <SignIn />;
  return (
    <>
      <Header />
      <main class={selected.value === null ? '' : 'with-panel'}>
        <section class="fleet" aria-label="Devices">
          <Toolbar />
          <Notice />
          <DeviceList />
        </section>
        {selected.value !== null && <DevicePanel id={selected.value} />}
      </main>
    </>
  );
}

function Header() {
  const now = gateway.value;
  const { all, online } = counts.value;
  return (
    <header>
      <h1>
        <img src="/favicon.svg" alt="" width="26" height="26" /> Tidegate{' '}
        <span class="gateway-id">{now?.gatewayId ?? ''}</span>
      </h1>
      <dl class="figures">
        <Figure name="online" value={`${countText(online)} / ${countText(all)}`} />
        <Figure name="readings/s" value={now === null ? '–' : countText(now.readingsPerSecond)} />
        <Figure name="ack p99" value={now === null ? '–' : `${now.ackP99Ms.toFixed(1)} ms`} />
        <Figure name="disk free" value={now === null ? '–' : `${(now.diskFreeBytes / 1024 ** 3).toFixed(0)} GiB`} />
      </dl>
      <p class={`link ${linked.value ? 'up' : 'down'}`} role="status">
        {linked.value ? 'live' : 'no link, trying again'}
      </p>
      <button type="button" class="quiet" onClick={() => signOut(null)}>
        Sign out
      </button>
    </header>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const filters = ['all', 'online', 'offline'] as const;

function Toolbar() {
  return (
    <div class="toolbar">
      <input
        type="search"
        aria-label="Search devices by id, model or tag"
        placeholder="Search id, model, tag=value"
        value={search.value}
        onInput={({ currentTarget }) => {
          search.value = currentTarget.value;
        }}
      />
      <fieldset class="filters">
        <legend class="hidden">Show</legend>
        {filters.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="filter"
              checked={filter.value === name}
              onChange={() => {
                filter.value = name;
              }}
            />
            <span>
              {name} <b>{countText(counts.value[name])}</b>
            </span>
          </label>
        ))}
      </fieldset>
    </div>
  );
}

/** What keeps devices out, or this page from knowing. */
function Notice() {
  const state = gateway.value?.state ?? 'ready';
  if (failure.value !== null)
    return (
      <p class="notice" role="alert">
        {failure.value} Trying again.
      </p>
    );
  if (state !== 'ready')
    return (
      <p class="notice" role="alert">
        The gateway takes no devices at present: {state.replaceAll('_', ' ')}.
      </p>
    );
  return null;
}
