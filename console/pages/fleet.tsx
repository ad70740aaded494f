import { bytesText, countText } from '../../schemas/display/numbers.js';
import type { GatewayBody } from '../../schemas/generated/operator.js';
import { counts, troubled } from '../fleet/devices.js';
import { happened } from '../fleet/events.js';
import { presenceStates, reasonOf } from '../fleet/presence.js';
import { PresenceDot } from '../fleet/presenceDot.js';
import { Empty } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { devicePath } from '../parts/router.js';
import { Spark } from '../parts/spark.js';
import { Time } from '../parts/time.js';
import { figures, gateway, now } from '../session/session.js';

const shownTroubled = 8;

/** The state of the fleet and of the gateway at a glance, the devices that need attention, and live events. */
export function FleetPage() {
  return (
    <Main title="Fleet">
      <Presences />
      <Figures />
      <div class="columns">
        <Troubled />
        <Events />
      </div>
    </Main>
  );
}

const shownStates = ['online', 'late', 'asleep', 'offline', 'never'] as const;

function Presences() {
  const { all, ...perState } = counts.value;
  const present = shownStates.filter((state) => perState[state] > 0 || state === 'online' || state === 'offline');
  return (
    <section class="card presences" aria-label="Devices by state">
      <p class="big">
        <b>{countText(perState.online + perState.late)}</b> of {countText(all)} devices connected
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
            <Link to={`/devices?state=${state}`} class={`dot ${presenceStates[state].tone} ${state}`}>
              {state} <b>{countText(perState[state])}</b>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Figures() {
  const how = gateway.value;
  const past = figures.value;
  if (how === null) return null;
  return (
    <dl class="tiles">
      <Tile
        name="Readings"
        value={countText(how.readingsPerSecond)}
        unit="/s"
        past={past.map(({ readingsPerSecond }) => readingsPerSecond)}
      />
      <Tile
        name="Frames"
        value={countText(how.framesPerSecond)}
        unit="/s"
        past={past.map(({ framesPerSecond }) => framesPerSecond)}
      />
      <Tile
        name="Ack latency, p99"
        value={how.ackP99Ms.toFixed(1)}
        unit="ms"
        past={past.map(({ ackP99Ms }) => ackP99Ms)}
        note={`median ${how.ackP50Ms.toFixed(1)} ms`}
      />
      <Tile
        name="Waiting for a commit"
        value={bytesText(how.queuedBytes)}
        past={past.map(({ queuedBytes }) => queuedBytes)}
        note={`${countText(how.unsealedReadings)} readings not sealed yet`}
      />
      <Tile
        name="Free disk space"
        value={bytesText(how.diskFreeBytes)}
        bad={how.diskLow}
        note={
          how.diskLow
            ? 'low: free some space, or lower store.retentionDays'
            : `${countText(how.readingsStored)} readings stored since the start`
        }
      />
      <Tile name="MQTT bridge" value={how.mqtt} {...bridgeNotes[how.mqtt]} />
    </dl>
  );
}

/** Per state of the MQTT bridge: what stands below it, and whether it is a fault. */
const bridgeNotes: Record<GatewayBody['mqtt'], { note: string; bad?: boolean }> = {
  off: { note: 'set mqtt.url to publish readings' },
  connected: { note: '' },
  disconnected: { note: 'no connection to the broker; the gateway retries', bad: true },
};

interface TileProps {
  name: string;
  value: string;
  unit?: string;
  note?: string;
  past?: number[];
  bad?: boolean;
}

function Tile({ name, value, unit, note, past, bad }: TileProps) {
  return (
    <div class={bad === true ? 'card tile wrong' : 'card tile'}>
      <dt>{name}</dt>
      <dd>
        {value} {unit !== undefined && <small>{unit}</small>}
      </dd>
      {past !== undefined && <Spark values={past} />}
      {note !== undefined && note !== '' && <dd class="note">{note}</dd>}
    </div>
  );
}

function Troubled() {
  const devices = troubled.value;
  return (
    <section class="card" aria-labelledby="troubled">
      <h2 id="troubled">
        Needs attention {devices.length > 0 && <span class="count">{countText(devices.length)}</span>}
      </h2>
      {devices.length === 0 ? (
        <Empty title="No device needs attention.">
          <p>Devices that are late, offline or flapping are listed here with the reason.</p>
        </Empty>
      ) : (
        <ul class="list">
          {devices.slice(0, shownTroubled).map(({ id, presence }) => (
            <li key={id}>
              <Link to={devicePath(id)}>
                <PresenceDot presence={presence} />
                <span>
                  <b>{id}</b>
                  <small>
                    {presence.flapping && 'Flapping: it reconnects often. '}
                    {reasonOf(presence, now.value)}
                  </small>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {devices.length > shownTroubled && <Link to="/devices?state=offline">Show all offline devices</Link>}
    </section>
  );
}

function Events() {
  return (
    <section class="card" aria-labelledby="events">
      <h2 id="events">Live events</h2>
      {happened.value.length === 0 ? (
        <Empty title="No events yet.">
          <p>Connects, disconnects, rejected frames and commands appear here as they happen.</p>
        </Empty>
      ) : (
        <ol class="list events">
          {happened.value.slice(0, 12).map(({ id, at, device, tone, what, detail }) => (
            <li key={`${id} ${device} ${at}`}>
              <Link to={devicePath(device)}>
                <Time at={at} as="clock" />
                <span>
                  <b>{device}</b> <span class={`badge ${tone}`}>{what}</span> <small>{detail}</small>
                </span>
              </Link>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
