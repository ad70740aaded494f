import { useEffect } from 'preact/hooks';
import { watchFleet } from './fleet/devices.js';
import { watchEvents } from './fleet/events.js';
import { AddDevicePage } from './pages/addDevice.js';
import { AttemptsPage } from './pages/attempts.js';
import { CommandsPage } from './pages/commands.js';
import { DevicePage } from './pages/device.js';
import { DevicesPage } from './pages/devices.js';
import { FleetPage } from './pages/fleet.js';
import { Icon } from './parts/icons.js';
import { Link } from './parts/link.js';
import { Main } from './parts/page.js';
import { deviceInPath, path } from './parts/router.js';
import { toggleTheme } from './parts/theme.js';
import { failure, gateway, key, linked, missed, ready, session, signOut } from './session/session.js';
import { SignIn } from './session/signIn.js';

const pages = [
  { to: '/', icon: 'fleet', title: 'Fleet', Page: FleetPage },
  { to: '/devices', icon: 'devices', title: 'Devices', Page: DevicesPage },
  { to: '/commands', icon: 'commands', title: 'Commands', Page: CommandsPage },
  { to: '/attempts', icon: 'attempts', title: 'Attempts', Page: AttemptsPage },
  { to: '/add', icon: 'add', title: 'Add a device', Page: AddDevicePage },
] as const;

export function App() {
  if (key.value === null) return <SignIn />;
  return (
    <>
      <a class="skip" href="#page">
        To the page
      </a>
      <Navigation />
      <div class="column">
        <Notice />
        {ready.value ? <Pages /> : <p class="empty">Asking the gateway…</p>}
      </div>
    </>
  );
}

function Navigation() {
  const here = path.value;
  const isHere = (to: string): boolean => (to === '/' ? here === '/' : here === to || here.startsWith(`${to}/`));
  return (
    <header class="rail">
      <Link to="/" class="brand">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        <span>
          <b>Tidegate</b>
          <small>{gateway.value?.gatewayId ?? ' '}</small>
        </span>
      </Link>
      <nav aria-label="Pages">
        {pages.map(({ to, icon, title }) => (
          <Link key={to} to={to} current={isHere(to)}>
            <Icon name={icon} /> <span>{title === 'Add a device' ? <AddTitle /> : title}</span>
          </Link>
        ))}
        <a href="/docs">
          <Icon name="api" /> <span>API</span>
        </a>
      </nav>
      <footer>
        <p class={linked.value ? 'dot good' : 'dot bad'} role="status">
          {linked.value ? 'live' : 'no link, trying again'}
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
          <button type="button" class="quiet" title="Sign out" aria-label="Sign out" onClick={() => signOut(null)}>
            <Icon name="out" />
          </button>
        </div>
      </footer>
    </header>
  );
}

/** Short where there is no room. */
function AddTitle() {
  return (
    <>
      Add <span class="long">a device</span>
    </>
  );
}

/** The fleet is known while someone is signed in, whatever page is shown. */
function Pages() {
  useEffect(watchFleet, []);
  useEffect(watchEvents, []);
  const device = deviceInPath(path.value);
  const Page = pages.find(({ to }) => to === path.value)?.Page;
  const title = device ?? pages.find(({ to }) => to === path.value)?.title ?? 'Nothing here';
  useEffect(() => {
    document.title = `${title} · ${gateway.value?.gatewayId ?? 'Tidegate'}`;
  }, [title]);
  if (device !== null) return <DevicePage key={device} id={device} />;
  if (Page !== undefined) return <Page />;
  return (
    <Main title="Nothing here">
      <p>
        There is no such page. <Link to="/">To the fleet</Link>
      </p>
    </Main>
  );
}

const stateAdvice: Record<string, string> = {
  storage_unavailable: 'its store cannot be written to. Look at the disk of its data folder',
  clock_untrusted: 'its clock is behind its own data. Set the clock of its machine',
  overloaded: 'more is queued than it will hold, or it has all the links it may have',
  stopping: 'it is shutting down',
};

/** What keeps devices out, or this page from knowing. */
function Notice() {
  const how = gateway.value;
  if (failure.value !== null)
    return (
      <p class="notice" role="alert">
        {failure.value} What you see may be old; trying again.
      </p>
    );
  if (how !== null && how.state !== 'ready')
    return (
      <p class="notice" role="alert">
        The gateway takes no devices at present: {stateAdvice[how.state] ?? how.state}.
      </p>
    );
  if (how?.retentionPaused != null)
    return (
      <p class="notice warn" role="status">
        Nothing is removed for its age: {how.retentionPaused}. If the gateway’s clock is right, say so with{' '}
        <code>tidegate confirm-clock</code>.
      </p>
    );
  if (missed.value > 0)
    return (
      <p class="notice warn" role="status">
        This page read too slowly and missed {missed.value.toLocaleString('en')} values; what it shows is current again.{' '}
        <button
          type="button"
          class="quiet"
          onClick={() => {
            missed.value = 0;
          }}
        >
          Good
        </button>
      </p>
    );
  return null;
}
