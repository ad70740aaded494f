import { type Place, placeIn } from './places.js';

/** Where a device was, and when: Unix ms, degrees. */
export interface TrackPoint extends Place {
  ts: number;
}

/** One reading, or a bucket of readings. */
export type Item = { ts: number; value: unknown } | { ts: number; last: unknown };

/**
 * The way of a device from the readings of its latitude and its longitude, both oldest first. A point needs a new reading of both; they may
 * have different times, as of a device that sends them one after the other. Of a bucket its last reading counts, because a mean of two
 * places may be in the sea. Longitudes do not jump at the date line: they go on beyond 180.
 */
export function trackOf(lats: readonly Item[], lons: readonly Item[]): TrackPoint[] {
  const both = [...lats.map((item) => ({ item, isLat: true })), ...lons.map((item) => ({ item, isLat: false }))];
  both.sort((a, b) => a.item.ts - b.item.ts);
  const points: TrackPoint[] = [];
  let [lat, lon]: unknown[] = [null, null];
  for (const { item, isLat } of both) {
    const value = 'value' in item ? item.value : item.last;
    if (isLat) lat = value;
    else lon = value;
    if (lat === null || lon === null) continue;
    const place = placeIn(lat, lon);
    [lat, lon] = [null, null];
    if (place === null) continue;
    const before = points.at(-1)?.lon ?? place.lon;
    points.push({ ts: item.ts, lat: place.lat, lon: place.lon + 360 * Math.round((before - place.lon) / 360) });
  }
  return points;
}
