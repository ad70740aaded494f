import { bytesText, countOf, countText, numberText } from '../../schemas/display/numbers.js';
import { spanText } from '../../schemas/display/times.js';
import { DeviceName } from '../fleet/deviceName.js';
import { counts, loading, troubled } from '../fleet/devices.js';
import { happened } from '../fleet/events.js';
import { type Device, presenceStates, reasonOf } from '../fleet/presence.js';
import { PresenceDot } from '../fleet/presenceDot.js';
import { Empty } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { devicePath } from '../parts/router.js';
import { Spark } from '../parts/spark.js';
import { Time } from '../parts/time.js';
import { figures, gateway, now } from '../session/session.js';

const shownPerReason = 5;

/** The state of the fleet and of the gateway at a glance, the devices that need attention, and live events. */
export function FleetPage() {
  return (
    <Main title="Fleet">
      {counts.value.all === 0 && !loading.value ? <NoDevices /> : <Presences />}
      <Figures />
      <div class="columns">
        <Troubled />
        <Events />
      </div>
    </Main>
  );
}

function NoDevices() {
  return (
    <section class="card">
      <Empty
        title="No devices yet."
        action={
          <Link to="/add" class="button primary">
            Add your first device
          </Link>
        }
      >
        <p>
          A device needs an id and a secret. The next page gives it both, with a program to paste that sends a first
          reading.
        </p>
      </Empty>
    </section>
  );
}

const shownStates = ['online', 'late', 'offline', 'disconnected', 'asleep', 'never'] as const;

function Presences() {
  const { all, ...perState } = counts.value;
  const present = shownStates.filter((state) => perState[state] > 0 || state === 'online');
  return (
    <section class="card presences" aria-label="Devices by state">
      <p class="big">
        <Link to="/devices?state=online">
          <b>{countText(perState.online + perState.late)}</b>
        </Link>{' '}
        of <Link to="/devices">{countOf(all, 'device')}</Link> connected
      </p>
      <div class="bar" aria-hidden="true">
        {present.map((state) => (
          <span
            key={state}
            class={presenceStates[state].tone}
            ref={(part) => part?.style.setProperty('flex-grow', String(all === 0 ? 0 : perState[state] / all))}
          />
        ))}
      </div>
      <ul class="legend">
        {present.map((state) => (
          <li key={state}>
            <Link
              to={`/devices?state=${state}`}
              class={`dot ${presenceStates[state].tone} ${state}`}
              title={presenceStates[state].meaning}
            >
              {state} <b>{countText(perState[state])}</b>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Below this, what waits for a commit is ordinary and is not shown. */
const queuedShownBytes = 1024 ** 2;

/** What the gateway does, in one line: its faults first. What is switched off or ordinary is not shown. */
function Figures() {
  const how = gateway.value;
  if (how === null) return null;
  const past = figures.value;
  const disk = (
    <Figure
      key="disk"
      name="Free disk space"
      value={bytesText(how.diskFreeBytes)}
      bad={how.diskLow}
      note={
        how.diskLow
          ? 'Low. Free some space, or lower store.retentionDays.'
          : `${countOf(how.readingsStored, 'reading')} stored since the start`
      }
    />
  );
  return (
    <dl class="card figures">
      {how.diskLow && disk}
      {how.mqtt === 'disconnected' && (
        <Figure
          name="MQTT bridge"
          value="disconnected"
          bad
          note="The broker does not answer. The gateway is retrying."
        />
      )}
      {how.queuedBytes >= queuedShownBytes && (
        <Figure name="Waiting for the disk" value={bytesText(how.queuedBytes)} bad note="The disk is too slow." />
      )}
      <Figure
        name="Readings"
        value={`${countText(how.readingsPerSecond)} /s`}
        past={past.map(({ readingsPerSecond }) => readingsPerSecond)}
        note={`in ${countOf(how.framesPerSecond, 'frame')}`}
      />
      <Figure
        name="Acknowledged within"
        // Each ack takes some time: 0 says that there was none.
        value={how.ackP99Ms === 0 ? '–' : `${numberText(how.ackP99Ms, 1)} ms`}
        past={how.ackP99Ms === 0 ? undefined : past.map(({ ackP99Ms }) => ackP99Ms)}
        note={
          how.ackP99Ms === 0
            ? 'No frames were sent lately.'
            : `99 % of the frames; half of them within ${numberText(how.ackP50Ms, 1)} ms`
        }
      />
      {!how.diskLow && disk}
      {how.mqtt === 'connected' && <Figure name="MQTT bridge" value="connected" note="Publishing readings." />}
    </dl>
  );
}

interface FigureProps {
  name: string;
  value: string;
  note: string;
  /** One value per second, oldest first, for a line beside the figure. */
  past?: number[];
  /** It is a fault. */
  bad?: boolean;
}

function Figure({ name, value, note, past, bad }: FigureProps) {
  return (
    <div class={bad === true ? 'wrong' : undefined}>
      <dt>{name}</dt>
      <dd class="value">
        {value}
        {past !== undefined && past.length > 1 && (
          <span title={`Last ${spanText(1_000 * past.length)}, maximum ${numberText(Math.max(...past))}`}>
            <Spark values={past} />
          </span>
        )}
      </dd>
      <dd class="note">{note}</dd>
    </div>
  );
}

/** Per reason in the order of severity: its title, and where all its devices are listed. */
const reasons = [
  ['offline', 'Offline', '/devices?state=offline'],
  ['late', 'Connected, but silent', '/devices?state=late'],
  ['flapping', 'Flapping: reconnecting too often', null],
] as const;

function Troubled() {
  const found = reasons.map(([reason, title, all]) => ({ title, all, devices: troubled.value[reason] }));
  const count = found.reduce((sum, { devices }) => sum + devices.length, 0);
  return (
    <section class="card" aria-labelledby="troubled">
      <h2 id="troubled">Needs attention {count > 0 && <span class="count">{countText(count)}</span>}</h2>
      {count === 0 ? (
        <Empty
          title="No device needs attention."
          action={
            <Link to="/devices" class="button quiet">
              All devices
            </Link>
          }
        >
          <p>Devices are listed here if they lost their connection, are silent for too long, or reconnect too often.</p>
        </Empty>
      ) : (
        found.filter(({ devices }) => devices.length > 0).map((group) => <TroubledGroup key={group.title} {...group} />)
      )}
    </section>
  );
}

function TroubledGroup({ title, all, devices }: { title: string; all: string | null; devices: Device[] }) {
  const more = devices.length - shownPerReason;
  return (
    <>
      <h3>
        {title} <span class="count">{countText(devices.length)}</span>
      </h3>
      <ul class="list">
        {devices.slice(0, shownPerReason).map(({ id, presence }) => (
          <li key={id}>
            <Link to={devicePath(id)}>
              <PresenceDot presence={presence} />
              <span>
                <b>
                  <DeviceName id={id} />
                </b>
                <small>{reasonOf(presence, now.value)}</small>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {more > 0 &&
        (all === null ? (
          <p class="hint">and {countText(more)} more</p>
        ) : (
          <Link to={all}>Show all {countText(devices.length)}</Link>
        ))}
    </>
  );
}

function Events() {
  return (
    <section class="card" aria-labelledby="events">
      <h2 id="events">Live events</h2>
      {happened.value.length === 0 ? (
        <Empty
          title="No events yet."
          action={
            <Link to="/attempts" class="button quiet">
              Refused connections
            </Link>
          }
        >
          <p>New connections, disconnections, rejected frames and commands appear here as they happen.</p>
        </Empty>
      ) : (
        <ol class="list events">
          {happened.value.slice(0, 12).map(({ id, at, device, tone, what, detail }) => (
            <li key={`${id} ${device} ${at}`}>
              <Link to={devicePath(device)}>
                <Time at={at} as="clock" />
                <span>
                  <b>
                    <DeviceName id={device} />
                  </b>{' '}
                  <span class={`badge ${tone}`}>{what}</span> <small>{detail}</small>
                </span>
              </Link>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
