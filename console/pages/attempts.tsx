import { useEffect, useState } from 'preact/hooks';
import { refusals } from '../../schemas/tables/refusals.js';
import { Empty, Failed } from '../parts/empty.js';
import { countText } from '../parts/format.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { devicePath, param, setParams } from '../parts/router.js';
import { Time } from '../parts/time.js';
import { type Page, RefusedError } from '../session/api.js';
import { currentApi, fail } from '../session/session.js';

/** As GET /v1/attempts has them. */
interface Attempt {
  device: string | null;
  known: boolean;
  address: string;
  code: string;
  reason: string;
  count: number;
  firstAt: number;
  lastAt: number;
  agent: string | null;
}

/** What helps the one who reads it. */
const advice: Record<string, string> = {
  subprotocol_unsupported: 'Its client offers only subprotocols that this gateway does not speak.',
  stream_invalid: 'Its stream name has letters that are not allowed.',
  credentials_missing: 'Its client sends no credentials: proxies sometimes take the header away.',
  credentials_invalid: 'The id is not registered, or the secret is wrong or over. Give it a new secret.',
  device_disabled: 'Someone disabled it. Enable it under Access.',
  upgrade_required: 'Something that is no WebSocket client asked.',
  too_many_attempts: 'It is slowed down, since its credentials failed too often.',
  overloaded: 'The gateway had no room; devices come back by themselves.',
  storage_unavailable: 'The store could not be written to; devices come back by themselves.',
  clock_untrusted: 'The gateway’s clock was behind its data. Set it.',
};
const pageItems = 200;
const againMs = 5_000;

/** Who tried to connect and was refused, and why. */
export function AttemptsPage() {
  const [items, setItems] = useState<Attempt[] | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [device, address] = [param('device'), param('address')];
  useEffect(() => {
    const load = (): void => {
      const filters = new URLSearchParams({ limit: String(pageItems) });
      if (device !== '') filters.set('device', device);
      if (address !== '') filters.set('address', address);
      currentApi()
        .get<Page<Attempt>>(`/v1/attempts?${filters.toString()}`)
        .then(
          (page) => {
            setItems(page.items);
            setTrouble(null);
          },
          (error: Error) => {
            if (!(error instanceof RefusedError)) fail(error);
            else setTrouble(error.status === 404 ? 'This gateway does not list attempts.' : error.message);
          },
        );
    };
    load();
    const timer = setInterval(load, againMs);
    return () => clearInterval(timer);
  }, [device, address]);
  return (
    <Main title="Attempts">
      <p class="lead">Connects that were refused since the gateway started, like ones as one.</p>
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
      {trouble !== null ? <Failed what={trouble} /> : <Attempts items={items} filtered={device + address !== ''} />}
    </Main>
  );
}

function Attempts({ items, filtered }: { items: Attempt[] | null; filtered: boolean }) {
  if (items === null) return <p class="empty">Reading…</p>;
  if (items.length === 0)
    return (
      <section class="card">
        <Empty title={filtered ? 'No such attempt.' : 'Nobody was refused.'}>
          <p>
            A device that is not even listed here does not reach the gateway: look at its address, its port, and the
            network between.
          </p>
        </Empty>
      </section>
    );
  return (
    <section class="card">
      <ol class="attempts">
        {items.map((one) => (
          <li key={`${one.device} ${one.address} ${one.code} ${one.firstAt}`}>
            <span class="badge bad">{one.code}</span>
            <span class="name">
              {one.device === null ? (
                <i>no id</i>
              ) : one.known ? (
                <Link to={devicePath(one.device)}>{one.device}</Link>
              ) : (
                <b>{one.device}</b>
              )}{' '}
              from {one.address}
              <small>
                {one.reason || (refusals as Record<string, { title: string }>)[one.code]?.title}.{' '}
                {advice[one.code] ?? ''}
                {one.agent !== null && one.agent !== '' && ` Client: ${one.agent}.`}
              </small>
            </span>
            <span class="when">
              <b>{countText(one.count)}×</b> <Time at={one.lastAt} as="age" />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
