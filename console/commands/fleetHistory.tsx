import type { CommandBody } from '../../schemas/generated/operator.js';
import { DeviceName } from '../fleet/deviceName.js';
import { commandStates, stateText } from '../parts/commandStates.js';
import { Empty, Failed, ShowAll } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { More, usePages } from '../parts/pages.js';
import { devicePath, param, setParams } from '../parts/router.js';
import { Time } from '../parts/time.js';
import { spanOfAddress, TimeSpan } from '../parts/timeSpan.js';
import { currentApi } from '../session/session.js';
import { StateBadge } from './commandHistory.js';

const filterNames = ['device', 'name', 'state', 'span', 'from', 'to'] as const;
const pageItems = 50;
const againMs = 5_000;

/** The commands of all devices, newest first, by device, name, state and time. */
export function FleetHistory() {
  const [device, name, state] = [param('device'), param('name'), param('state')];
  const span = ['span', 'from', 'to'].map(param);
  const commands = usePages(
    (cursor) => currentApi().allCommands({ device, name, state, ...spanOfAddress(Date.now()) }, pageItems, cursor),
    againMs,
    [device, name, state, ...span],
  );
  return (
    <>
      <h2 class="below">All commands</h2>
      <search class="filters">
        <input
          type="search"
          aria-label="Device id"
          placeholder="Device id"
          value={device}
          onInput={({ currentTarget }) => setParams({ device: currentTarget.value })}
        />
        <input
          type="search"
          aria-label="Command name"
          placeholder="Command name"
          value={name}
          onInput={({ currentTarget }) => setParams({ name: currentTarget.value })}
        />
        <select
          aria-label="State"
          value={state}
          onChange={({ currentTarget }) => setParams({ state: currentTarget.value })}
        >
          <option value="">any state</option>
          {Object.keys(commandStates).map((one) => (
            <option key={one} value={one}>
              {stateText(one)}
            </option>
          ))}
        </select>
        <TimeSpan />
      </search>
      {commands.trouble !== null ? <Failed what={commands.trouble} /> : <Commands items={commands.items} />}
      <More of={commands} />
    </>
  );
}

function Commands({ items }: { items: CommandBody[] | null }) {
  if (items === null) return <p class="empty">Loading…</p>;
  const filtered = filterNames.some((one) => param(one) !== '');
  if (items.length === 0)
    return (
      <section class="card">
        <Empty
          title={filtered ? 'No commands match.' : 'No commands yet.'}
          action={
            filtered ? (
              <ShowAll filters={filterNames}>Show all commands</ShowAll>
            ) : (
              <Link to="/devices" class="button quiet">
                Choose a device
              </Link>
            )
          }
        />
      </section>
    );
  return (
    <section class="card" aria-label="Commands of all devices, newest first">
      <ol class="entries">
        {items.map(({ id, device, name, params, state, createdAt }) => (
          <li key={id}>
            <Time at={createdAt} />
            <span class="name">
              <b>{name}</b>{' '}
              <Link to={`${devicePath(device)}?tab=commands`}>
                <DeviceName id={device} />
              </Link>
              {Object.keys(params).length > 0 && (
                <small>
                  <code>{JSON.stringify(params)}</code>
                </small>
              )}
            </span>
            <span class="state">
              <StateBadge state={state} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
