import { useMemo } from 'preact/hooks';
import { countOf } from '../../schemas/display/numbers.js';
import { timeText } from '../chart/labels.js';
import type { Range, Zone } from '../chart/range.js';
import { deviceLabel } from '../fleet/deviceName.js';
import { valuesOf } from '../fleet/values.js';
import { MapView } from '../map/mapView.js';
import { placeMetrics, placeOf } from '../map/places.js';
import { type TrackPoint, trackOf } from '../map/track.js';
import { Failed } from '../parts/empty.js';
import { rangeInAddress } from '../series/rangeBar.js';
import { useSeries } from '../series/useSeries.js';
import { now, session } from '../session/session.js';

/** The way of a device in a range of time, as far as it was read. */
export interface Track {
  points: TrackPoint[];
  /** What the way is made of, as a sentence. */
  text: string;
  trouble: string | null;
  read(): void;
}

/** Reads the way of a device, and follows it if the range moves with the clock. The caller watches the values of the device. */
export function useTrack(id: string, range: Range, zone: Zone, asked: string, moves: boolean): Track {
  const metrics = placeMetrics(valuesOf(id));
  const names = metrics === null ? [] : [metrics.lat, metrics.lon].map((metric) => ({ device: id, metric }));
  const { series, read } = useSeries(names, range, asked, moves);
  const [lat, lon] = series.map(({ items }) => items);
  // What is beyond the range is read for charts, whose lines reach their edges.
  const items = [lat ?? [], lon ?? []].map((all) => all.filter(({ ts }) => ts >= range.from && ts <= range.to));
  const key = items.map((some) => `${some.length} ${some[0]?.ts} ${some.at(-1)?.ts}`).join();
  const points = useMemo(() => trackOf(items[0], items[1]), [key]);
  const isRead = series.every(({ stored, trouble }) => stored !== null || trouble !== null);
  const [first, last] = [points[0], points.at(-1)];
  const text = !isRead
    ? 'Loading…'
    : first === undefined || last === undefined
      ? 'No position was stored in this time range. Choose a longer one.'
      : `${countOf(points.length, 'position')} from ${timeText(first.ts, zone)} to ${timeText(last.ts, zone)}.`;
  return { points, text, trouble: series.find(({ trouble }) => trouble !== null)?.trouble ?? null, read };
}

/** Where the device was in the time that the charts show. Nothing if it sends no position. */
export function DeviceTrack({ id }: { id: string }) {
  if (placeMetrics(valuesOf(id)) === null) return null;
  return <ShownTrack id={id} />;
}

function ShownTrack({ id }: { id: string }) {
  const { range, zone, asked, moves } = rangeInAddress('-5m', now.value);
  const wanted = `${asked.from} ${asked.to} ${asked.zoom}`;
  const { points, text, trouble, read } = useTrack(id, range, zone, wanted, moves);
  const place = placeOf(valuesOf(id));
  const places = useMemo(() => new Map(place === null ? [] : [[id, place]]), [id, place?.lat, place?.lon]);
  return (
    <section class="card track" aria-labelledby="track">
      <h2 id="track">Track</h2>
      {trouble !== null && <Failed what={trouble} retry={read} />}
      <MapView
        tiles={session.value?.mapTiles ?? null}
        places={places}
        drawn={places}
        track={points}
        fitTo={wanted}
        label={deviceLabel}
        popup={() => nowAt(id)}
        timeText={(ts) => timeText(ts, zone)}
      />
      <p class="summary" role="status">
        {text} <small>The chart’s time applies. The large dot is where the device is now.</small>
      </p>
    </section>
  );
}

function nowAt(id: string): HTMLElement {
  const element = document.createElement('span');
  element.textContent = deviceLabel(id);
  return element;
}
