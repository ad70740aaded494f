import { countText } from '../../schemas/display/numbers.js';
import type { AttemptItem } from '../../schemas/generated/operator.js';
import { type RefusalCode, refusals } from '../../schemas/tables/refusals.js';
import { DeviceName } from '../fleet/deviceName.js';
import { Empty, Failed, ShowAll } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { More, usePages } from '../parts/pages.js';
import { devicePath, param, setParams } from '../parts/router.js';
import { Time } from '../parts/time.js';
import { currentApi } from '../session/session.js';

/** What to do about a refusal, per code of the answer. Of the other codes the reason says it. */
const advice: Partial<Record<RefusalCode, string>> = {
  subprotocol_unsupported: 'Update the client, or let it offer a subprotocol that PROTOCOL.md lists.',
  stream_invalid: 'Choose another stream name in the program of the device.',
  credentials_missing: 'If the device sends them, check that no proxy removes the Authorization header.',
  device_disabled: 'To allow it, enable the device on its page, under Access.',
  upgrade_required: 'The client did not speak WebSocket. Check the program at this address.',
  too_many_attempts: 'Correct the id and secret in the program of the device.',
  overloaded: 'The device retries automatically.',
  storage_unavailable: 'Check the disk of the gateway. The device retries automatically.',
  clock_untrusted: 'Set the gateway’s clock. The device retries automatically.',
};

const pageItems = 200;
const againMs = 5_000;

/** Refused connection attempts with the reason: the answer to "why does this device not connect?". */
export function AttemptsPage() {
  const [device, address] = [param('device'), param('address')];
  const attempts = usePages((cursor) => currentApi().attempts({ device, address }, pageItems, cursor), againMs, [
    device,
    address,
  ]);
  return (
    <Main title="Refused connections">
      <p class="lead">Connection attempts that the gateway refused since it started. Repeats are grouped.</p>
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
          aria-label="Address"
          placeholder="Address"
          value={address}
          onInput={({ currentTarget }) => setParams({ address: currentTarget.value })}
        />
      </search>
      {attempts.trouble !== null ? (
        <Failed what={attempts.trouble} />
      ) : (
        <Attempts items={attempts.items} filtered={device + address !== ''} />
      )}
      <More of={attempts} />
    </Main>
  );
}

function Attempts({ items, filtered }: { items: AttemptItem[] | null; filtered: boolean }) {
  if (items === null) return <p class="empty">Loading…</p>;
  if (items.length === 0)
    return (
      <section class="card">
        <Empty
          title={filtered ? 'No attempts match.' : 'No refused connections.'}
          action={
            filtered ? (
              <ShowAll filters={['device', 'address']}>Show all attempts</ShowAll>
            ) : (
              <Link to="/devices?state=never" class="button quiet">
                Devices that never connected
              </Link>
            )
          }
        >
          <p>
            If a device cannot connect and is not listed here, its requests do not arrive, or use a wrong path. Check
            the host, port and path of its URL, and the network.
          </p>
        </Empty>
      </section>
    );
  return (
    <section class="card">
      <ol class="attempts">
        {items.map(({ device, known, address, code, reason, count, firstAt, lastAt, agent }) => (
          <li key={`${device} ${address} ${code} ${firstAt}`}>
            <span class="name">
              {device === null ? (
                <i>no device id</i>
              ) : known ? (
                <Link to={devicePath(device)}>
                  <DeviceName id={device} />
                </Link>
              ) : (
                <b>{device}</b>
              )}{' '}
              from {address}
              <small>
                {reason || refusals[code as RefusalCode]?.title}. {advice[code as RefusalCode]}
                {agent !== null && agent !== '' && ` Client: ${agent}.`} <span class="badge bad">{code}</span>
              </small>
            </span>
            <span class="when">
              <b>{countText(count)}×</b> <Time at={lastAt} as="age" />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
