import type { LatestMetric } from '../../schemas/generated/operator.js';

/** Where a device is, in degrees. */
export interface Place {
  lat: number;
  lon: number;
}

/** The metrics that hold the place of a device: with the units lat and lon of SenML, or else named lat and lon. null if one is missing. */
export function placeMetrics(metrics: Readonly<Record<string, LatestMetric>>): { lat: string; lon: string } | null {
  const [lat, lon] = [metricOf(metrics, 'lat'), metricOf(metrics, 'lon')];
  return lat === null || lon === null ? null : { lat, lon };
}

function metricOf(metrics: Readonly<Record<string, LatestMetric>>, name: 'lat' | 'lon'): string | null {
  const found = Object.entries(metrics).find(([, { unit }]) => unit === name)?.[0] ?? name;
  return Object.hasOwn(metrics, found) ? found : null;
}

/** The place in the latest values of a device; null if there is none, or none on the globe. */
export function placeOf(metrics: Readonly<Record<string, LatestMetric>>): Place | null {
  const names = placeMetrics(metrics);
  return names === null ? null : placeIn(metrics[names.lat].value, metrics[names.lon].value);
}

/** A latitude and a longitude in degrees as a place; null if they are none. */
export function placeIn(lat: unknown, lon: unknown): Place | null {
  if (typeof lat !== 'number' || typeof lon !== 'number') return null;
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
