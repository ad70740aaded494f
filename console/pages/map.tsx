import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { countOf } from '../../schemas/display/numbers.js';
import { readingText } from '../../schemas/display/values.js';
import type { LatestMetric, LiveMessage } from '../../schemas/generated/operator.js';
import { timeText } from '../chart/labels.js';
import { useTrack } from '../device/track.js';
import { DeviceName, deviceLabel } from '../fleet/deviceName.js';
import { ask, deviceOf } from '../fleet/devices.js';
import { valuesOf, watchValues } from '../fleet/values.js';
import type { DeviceMap } from '../map/map.js';
import { MapView } from '../map/mapView.js';
import { type Place, placeMetrics, placeOf } from '../map/places.js';
import { Empty, Failed } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { devicePath, go, param, setParams } from '../parts/router.js';
import { RangeBar, rangeInAddress } from '../series/rangeBar.js';
import { now, onLive, session, want } from '../session/session.js';

type Metrics = Record<string, LatestMetric>;

/** The devices with a place, and the values that gave it. They are changed in place; `revision` counts the redraws. */
const places = new Map<string, Place>();
const values = new Map<string, Metrics>();
const revision = signal(0);
/** The ids of the devices with a place, in order. */
const ids = signal<readonly string[]>([]);
/** The map is drawn again this often at most, however many devices move. */
const redrawMs = 500;
const listedMax = 100;

/** All devices that have latitude and longitude among their latest values, and the track of the one in the address. */
export function MapPage() {
  const map = useRef<DeviceMap | null>(null);
  useEffect(watchPlaces, []);
  const chosen = param('device');
  useEffect(() => (chosen === '' ? undefined : watchValues('track', [chosen])), [chosen]);
  const { range, zone, asked, fault, moves } = rangeInAddress('-1h', now.value);
  const wanted = `${asked.from} ${asked.to} ${asked.zoom}`;
  const track = useTrack(chosen, range, zone, wanted, moves);
  return (
    <Main
      title="Map"
      actions={
        <button type="button" class="quiet" onClick={() => map.current?.fit()}>
          {chosen === '' ? 'Show all' : 'Show the track'}
        </button>
      }
    >
      {chosen !== '' && (
        <section class="card" aria-label={`Track of ${deviceLabel(chosen)}`}>
          <div class="chart-head">
            <h2>
              Track of <DeviceName id={chosen} />
            </h2>
            <button
              type="button"
              class="quiet"
              onClick={() => {
                // This button goes, so the focus returns to the device in the list.
                document.querySelector<HTMLElement>('.places [aria-pressed=true]')?.focus();
                setParams({ device: '', from: '', to: '', zoom: '' });
              }}
            >
              Hide track
            </button>
          </div>
          <RangeBar range={range} zone={zone} asked={asked} />
          {fault !== null && (
            <p class="notice warn" role="status">
              {fault} The last hour is shown.
            </p>
          )}
          {track.trouble !== null && <Failed what={track.trouble} retry={track.read} />}
          <p class="summary" role="status">
            {placeMetrics(valuesOf(chosen)) === null ? `${deviceLabel(chosen)} sends no position.` : track.text}
          </p>
        </section>
      )}
      <div class="map-columns">
        <section class="card map" aria-label="Map of the devices">
          <MapView
            tiles={session.value?.mapTiles ?? null}
            places={places}
            drawn={revision.value}
            track={track.points}
            fitTo={`${chosen} ${wanted}`}
            label={deviceLabel}
            popup={popupOf}
            timeText={(ts) => timeText(ts, zone)}
            ready={(made) => {
              map.current = made;
            }}
          />
        </section>
        <section class="card" aria-label="Devices on the map">
          <Found
            open={(id) => {
              map.current?.open(id);
              setParams({ device: id });
            }}
          />
        </section>
      </div>
    </Main>
  );
}

/** The devices as a list, because a canvas cannot be read aloud or walked through with the keyboard. */
function Found({ open }: { open(id: string): void }) {
  const search = param('q').toLowerCase();
  const found = ids.value.filter((id) => deviceLabel(id).toLowerCase().includes(search));
  if (ids.value.length === 0)
    return (
      <Empty
        title="No device has a position yet."
        action={
          <Link to="/add" class="button quiet">
            Add a device
          </Link>
        }
      >
        <p>
          A device appears here when it sends two metrics with the units <code>lat</code> and <code>lon</code>, or with
          these names, in degrees.
        </p>
      </Empty>
    );
  return (
    <>
      <input
        type="search"
        aria-label="Search devices on the map"
        placeholder="Search id or name"
        value={param('q')}
        onInput={({ currentTarget }) => setParams({ q: currentTarget.value })}
      />
      <p class="found" role="status">
        {countOf(found.length, 'device')} with a position
        {found.length > listedMax && `, the first ${listedMax} are listed`}
      </p>
      <ul class="places">
        {found.slice(0, listedMax).map((id) => (
          <li key={id}>
            <button
              type="button"
              class="link"
              title="Show on the map, with its track"
              aria-pressed={param('device') === id}
              onClick={() => open(id)}
            >
              <DeviceName id={id} />
            </button>
            <Link to={devicePath(id)} label={`Open ${deviceLabel(id)}`}>
              ↗
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Follows the latest values of all devices until the returned function is called. */
function watchPlaces(): () => void {
  let waits = false;
  let ended = false;
  const changed = (): void => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      if (ended) return;
      if (places.size !== ids.peek().length || ids.peek().some((id) => !places.has(id)))
        ids.value = [...places.keys()].sort();
      revision.value++;
    }, redrawMs);
  };
  const endLive = onLive((message) => {
    if (take(message)) changed();
  });
  const endWant = want('map', { kinds: ['latest'], snapshot: true });
  return () => {
    ended = true;
    endWant();
    endLive();
    places.clear();
    values.clear();
    ids.value = [];
  };
}

/** Takes the places out of a message of the live feed. Returns whether one has changed. */
function take(message: LiveMessage): boolean {
  const changes: [string, Metrics | undefined][] =
    message.type === 'latest'
      ? Object.entries(message.changes)
      : message.type === 'snapshot'
        ? Object.entries(message.devices).map(([id, { latest }]) => [id, latest])
        : [];
  let hasMoved = false;
  for (const [id, metrics] of changes) {
    if (metrics === undefined) continue;
    const all = { ...values.get(id), ...metrics };
    const found = placeOf(all);
    if (found === null && !('lat' in all || 'lon' in all) && !values.has(id) && !isPart(metrics)) continue;
    values.set(id, all);
    if (found === null) hasMoved = places.delete(id) || hasMoved;
    else {
      places.set(id, found);
      hasMoved = true;
    }
  }
  return hasMoved;
}

/** Whether one of the metrics may be half of a place. */
const isPart = (metrics: Metrics): boolean =>
  Object.entries(metrics).some(([name, { unit }]) => [name, unit].some((one) => one === 'lat' || one === 'lon'));

/** What a popup shows: a link to the device, why it is or is not connected, and its values. */
function popupOf(id: string): HTMLElement {
  void ask(id);
  const content = document.createElement('div');
  const link = document.createElement('a');
  link.href = devicePath(id);
  link.textContent = deviceLabel(id);
  link.addEventListener('click', (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(devicePath(id));
  });
  content.append(link);
  const state = deviceOf(id)?.presence.state;
  const lines = Object.entries(values.get(id) ?? {}).map(
    ([metric, { value, unit }]) => `${metric} ${readingText(value, unit)}`,
  );
  for (const text of [state ?? '', ...lines].filter(Boolean)) {
    const line = document.createElement('div');
    line.textContent = text;
    content.append(line);
  }
  const track = document.createElement('button');
  track.type = 'button';
  track.className = 'quiet small';
  track.textContent = 'Show track';
  track.addEventListener('click', () => setParams({ device: id }));
  content.append(track);
  return content;
}
