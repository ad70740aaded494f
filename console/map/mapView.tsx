import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeviceMap, MapOptions } from './map.js';
import type { Place } from './places.js';
import type { TrackPoint } from './track.js';

const noPoints: readonly TrackPoint[] = [];

interface MapViewProps extends Omit<MapOptions, 'tilesFailed'> {
  /** The devices, which may change in place; another `drawn` draws them again. */
  places: ReadonlyMap<string, Place>;
  drawn: unknown;
  /** The way of a device. */
  track?: readonly TrackPoint[];
  /** The map moves to the way when it has a first point and this has changed. */
  fitTo?: string;
  /** Is given the map when it is there, and null when it ends. */
  ready?(map: DeviceMap | null): void;
}

/** A map on the page. Leaflet and the land are loaded when the first map is shown. */
export function MapView(props: MapViewProps) {
  const { places, drawn, track = noPoints, fitTo = '', tiles } = props;
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<DeviceMap | null>(null);
  const fitted = useRef('');
  const newest = useRef(props);
  newest.current = props;
  const [failed, setFailed] = useState(false);
  const drawTrack = (): void => {
    const { track: points = noPoints, fitTo: wanted = '' } = newest.current;
    map.current?.track(points);
    if (map.current === null || points.length === 0 || fitted.current === wanted) return;
    fitted.current = wanted;
    map.current.fit();
  };
  useEffect(() => {
    let ended = false;
    void import('./map.js').then(({ createDeviceMap }) => {
      if (ended || place.current === null) return;
      map.current = createDeviceMap(place.current, {
        tiles,
        tilesFailed: () => setFailed(true),
        label: (id) => newest.current.label(id),
        popup: (id) => newest.current.popup(id),
        timeText: (ts) => newest.current.timeText(ts),
      });
      map.current.show(newest.current.places);
      drawTrack();
      newest.current.ready?.(map.current);
    });
    return () => {
      ended = true;
      newest.current.ready?.(null);
      map.current?.end();
      map.current = null;
    };
  }, []);
  useEffect(() => map.current?.show(places), [drawn]);
  useEffect(drawTrack, [track, fitTo]);
  return (
    <>
      {failed && tiles !== null && (
        <p class="notice warn" role="status">
          The tiles of {new URL(tiles.url).host} could not be loaded, so this map shows only the outlines of the land.
          The setting is <code>console.mapTiles</code>.
        </p>
      )}
      <div class="map-place" ref={place} />
    </>
  );
}
