/**
 * The frame around every page: navigation, notices, and the choice of the page by the address. What a page shows is in pages/,
 * its pieces are in the folders of their subject (device/, commands/, fleet/, chart/), and what all of them use is in parts/.
 */
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { countOf } from '../schemas/display/numbers.js';
import { deviceLabel } from './fleet/deviceName.js';
import { watchFleet } from './fleet/devices.js';
import { watchEvents } from './fleet/events.js';
import { administrationPages } from './pages/administration.js';
import { DevicesPage } from './pages/devices.js';
import { FleetPage } from './pages/fleet.js';
import { behindMore, MorePage } from './pages/more.js';
import { Icon } from './parts/icons.js';
import { Keyboard } from './parts/keyboard.js';
import { Late } from './parts/late.js';
import { Link } from './parts/link.js';
import { Main } from './parts/page.js';
import { deviceInPath, mayLeave, path } from './parts/router.js';
import { toggleTheme } from './parts/theme.js';
import { addressOf } from './session/base.js';
import {
  failure,
  gateway,
  key,
  linked,
  missed,
  noLink,
  ready,
  refusal,
  session,
  signOutEverywhere,
} from './session/session.js';
import { SignIn } from './session/signIn.js';

/** A page of the navigation. A narrow screen shows only `word` of the title `word rest`. */
interface NavigationPage {
  to: string;
  icon: Parameters<typeof Icon>[0]['name'];
  word: string;
  rest: string;
  load(): Promise<ComponentType>;
}

/** The pages in the order of the navigation. The code of the first two is part of the first view. */
const pages: readonly NavigationPage[] = [
  { to: '/', icon: 'fleet', word: 'Fleet', rest: '', load: async () => FleetPage },
  { to: '/devices', icon: 'devices', word: 'Devices', rest: '', load: async () => DevicesPage },
  {
    to: '/chart',
    icon: 'chart',
    word: 'Chart',
    rest: '',
    load: async () => (await import('./pages/chart.js')).ChartPage,
  },
  { to: '/map', icon: 'map', word: 'Map', rest: '', load: async () => (await import('./pages/map.js')).MapPage },
  {
    to: '/commands',
    icon: 'commands',
    word: 'Commands',
    rest: '',
    load: async () => (await import('./pages/commands.js')).CommandsPage,
  },
  {
    to: '/attempts',
    icon: 'attempts',
    word: 'Refused',
    rest: ' connections',
    load: async () => (await import('./pages/attempts.js')).AttemptsPage,
  },
  {
    to: '/add',
    icon: 'add',
    word: 'Add',
    rest: ' a device',
    load: async () => (await import('./pages/addDevice.js')).AddDevicePage,
  },
];

const loadDevicePage = async () => (await import('./pages/device.js')).DevicePage;

/** The whole page: the form to sign in until there is a key, then the console. */
export function App() {
  if (key.value === null) return <SignIn />;
  return (
    <>
      <a class="skip" href="#page">
        Skip to content
      </a>
      <Navigation />
      <div class="column">
        <Notice />
        {ready.value ? <Pages /> : <p class="empty">Loading…</p>}
      </div>
      <Keyboard />
    </>
  );
}

const isBehindMore = (page: string): boolean => behindMore.some(({ to }) => to === page);

function Navigation() {
  const here = path.value;
  const isHere = (to: string): boolean => (to === '/' ? here === '/' : here === to || here.startsWith(`${to}/`));
  return (
    <header class="rail">
      <Link to="/" class="brand">
        <img src={addressOf('/favicon.svg')} alt="" width="28" height="28" />
        <span>
          <b>Tidegate</b>
          <small>{gateway.value?.gatewayId ?? ' '}</small>
        </span>
      </Link>
      <nav aria-label="Pages">
        {pages.map(({ to, icon, word, rest }) => (
          <Link key={to} to={to} class={isBehindMore(to) ? 'wide' : ''} current={isHere(to)}>
            <Icon name={icon} />{' '}
            <span>
              {word}
              {rest !== '' && <span class="long">{rest}</span>}
            </span>
          </Link>
        ))}
        <p class="group">Administration</p>
        {administrationPages.map(({ to, icon, title }) => (
          <Link key={to} to={to} class="minor" current={isHere(to)}>
            <Icon name={icon} /> <span>{title}</span>
          </Link>
        ))}
        <a href={addressOf('/docs')} class="minor">
          <Icon name="api" /> <span>API</span>
        </a>
        <Link
          to="/more"
          class="more-link"
          current={here === '/more' || [...behindMore, ...administrationPages].some(({ to }) => isHere(to))}
        >
          <Icon name="more" /> <span>More</span>
        </Link>
      </nav>
      <div class="foot">
        <p class={linked.value ? 'dot good' : 'dot bad'} role="status">
          {linked.value ? 'live' : 'reconnecting…'}
        </p>
        {session.value !== null && (
          <p class="who">
            {session.value.name} <small>{session.value.role}</small>
          </p>
        )}
        <div class="buttons">
          <button type="button" class="quiet" title="Light or dark" aria-label="Light or dark" onClick={toggleTheme}>
            <Icon name="theme" />
          </button>
          <button
            type="button"
            class="quiet"
            title="Sign out"
            aria-label="Sign out"
            onClick={() => mayLeave() && signOutEverywhere()}
          >
            <Icon name="out" />
          </button>
        </div>
        {gateway.value !== null && (
          <p class="about" title={gateway.value.transport.reason}>
            <small>
              {gateway.value.version}, transport {gateway.value.transport.name} {gateway.value.transport.version}
            </small>
          </p>
        )}
      </div>
    </header>
  );
}

/** The page that the address names. The fleet is followed while someone is signed in, whichever page is shown. */
function Pages() {
  useEffect(watchFleet, []);
  useEffect(watchEvents, []);
  // Most often it is opened next. If this fails, the page says so when it is opened.
  useEffect(() => void loadDevicePage().catch(() => {}), []);
  const device = deviceInPath(path.value);
  const page = [...pages, ...administrationPages].find(({ to }) => to === path.value);
  const title = device === null ? titleOf(path.value) : deviceLabel(device);
  useEffect(() => {
    document.title = `${title} · ${gateway.value?.gatewayId ?? 'Tidegate'}`;
  }, [title]);
  if (device !== null) return <Late key={device} load={loadDevicePage} props={{ id: device }} />;
  if (page !== undefined) return <Late key={path.value} load={page.load} props={{}} />;
  if (path.value === '/more') return <MorePage />;
  return (
    <Main title="Page not found">
      <p>
        There is no page at this address. <Link to="/">Go to the fleet</Link>
      </p>
    </Main>
  );
}

function titleOf(at: string): string {
  if (at === '/more') return 'Administration';
  const page = pages.find(({ to }) => to === at);
  if (page !== undefined) return page.word + page.rest;
  return administrationPages.find(({ to }) => to === at)?.title ?? 'Page not found';
}

/** Per state of the gateway: why it refuses devices, and what to do. */
const stateAdvice: Record<string, string> = {
  storage_unavailable: 'it cannot write to its store. Check the disk of its data folder',
  clock_untrusted: 'its clock is earlier than its newest data. Set the clock of its machine',
  overloaded: 'its queue is full, or the limit of connected devices is reached. Devices retry automatically',
  stopping: 'it is shutting down',
};

/** The most important problem: the gateway does not answer, refused a request or the live feed, refuses devices, or paused retention, or this page was too slow. */
function Notice() {
  const how = gateway.value;
  if (failure.value !== null)
    return (
      <p class="notice" role="alert">
        {failure.value} This page may be out of date. Retrying…
      </p>
    );
  if (refusal.value !== null)
    return (
      <p class="notice" role="alert">
        {refusal.value} <Dismiss act={() => (refusal.value = null)} />
      </p>
    );
  if (noLink.value !== null)
    return (
      <p class="notice" role="alert">
        No live events: {noLink.value} Retrying…
      </p>
    );
  if (how !== null && how.state !== 'ready')
    return (
      <p class="notice" role="alert">
        The gateway is refusing devices: {stateAdvice[how.state] ?? how.state}.
      </p>
    );
  if (how !== null && how.damagedDays.length > 0)
    return (
      <p class="notice warn" role="status">
        {countOf(how.damagedDays.length, 'day')} cannot be read completely. <Link to="/storage">Damaged files</Link>
      </p>
    );
  if (how?.retentionPaused != null)
    return (
      <p class="notice warn" role="status">
        Retention is paused, so no readings are removed: {how.retentionPaused}. If the gateway’s clock is right, confirm
        it with <code>tidegate confirm-clock</code>.
      </p>
    );
  if (missed.value > 0)
    return (
      <p class="notice warn" role="status">
        This page was too slow and skipped {countOf(missed.value, 'value')}. It is up to date again.{' '}
        <Dismiss act={() => (missed.value = 0)} />
      </p>
    );
  return null;
}

function Dismiss({ act }: { act(): void }) {
  return (
    <button type="button" class="quiet" onClick={act}>
      Dismiss
    </button>
  );
}
