import type { LatestMetric } from '../../schemas/generated/operator.js';

/** Where a device is, in degrees. */
export interface Place {
  lat: number;
  lon: number;
}

/** The place in the latest values of a device: two metrics with the units lat and lon of SenML, or else named lat and lon. null if there is none. */
export function placeOf(metrics: Readonly<Record<string, LatestMetric>>): Place | null {
  const [lat, lon] = [degreesOf(metrics, 'lat', 90), degreesOf(metrics, 'lon', 180)];
  return lat === null || lon === null ? null : { lat, lon };
}

function degreesOf(metrics: Readonly<Record<string, LatestMetric>>, name: 'lat' | 'lon', max: number): number | null {
  const found = Object.values(metrics).find(({ unit }) => unit === name) ?? metrics[name];
  const value = found?.value;
  return typeof value === 'number' && Math.abs(value) <= max ? value : null;
}
