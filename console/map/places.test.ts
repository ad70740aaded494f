import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LatestMetric } from '../../schemas/generated/operator.js';
import { onFlatMap } from './land.js';
import { placeMetrics, placeOf } from './places.js';
import { trackOf } from './track.js';

const metric = (value: number | string | boolean, unit: string | null = null) => ({ ts: 1, value, unit });

test('a place is two metrics with the units lat and lon, or with these names', () => {
  assert.deepEqual(placeOf({ a: metric(53.5, 'lat'), b: metric(-10, 'lon') }), { lat: 53.5, lon: -10 });
  assert.deepEqual(placeOf({ lat: metric(0), lon: metric(180), speed: metric(3) }), { lat: 0, lon: 180 });
  assert.deepEqual(placeOf({ lat: metric(1), lon: metric(2), gps: metric(53, 'lat') }), { lat: 53, lon: 2 });
});

test('the metrics of a place are known by their units before their names, and both must be there', () => {
  assert.deepEqual(placeMetrics({ lat: metric(1), lon: metric(2), gps: metric(53, 'lat') }), {
    lat: 'gps',
    lon: 'lon',
  });
  assert.equal(placeMetrics({ lat: metric(1) }), null);
  assert.equal(placeMetrics({ a: metric(1, 'lon'), b: metric(2, 'lon') }), null);
});

test('a track has a point per latitude and longitude, whether they come together, one after the other, or in buckets', () => {
  const at = (ts: number, value: unknown) => ({ ts, value });
  assert.deepEqual(trackOf([at(1, 10), at(2, 11)], [at(1, 20), at(2, 21)]), [
    { ts: 1, lat: 10, lon: 20 },
    { ts: 2, lat: 11, lon: 21 },
  ]);
  assert.deepEqual(trackOf([at(1, 10), at(3, 11), at(5, 12)], [at(2, 20), at(4, 21)]), [
    { ts: 2, lat: 10, lon: 20 },
    { ts: 4, lat: 11, lon: 21 },
  ]);
  assert.deepEqual(trackOf([{ ts: 60, last: 10 }], [{ ts: 60, last: 20 }]), [{ ts: 60, lat: 10, lon: 20 }]);
  assert.deepEqual(trackOf([], [at(1, 20)]), []);
});

test('a track leaves out what is no place, and does not cross the map at the date line', () => {
  const at = (ts: number, value: unknown) => ({ ts, value });
  const lats = [at(1, 91), at(2, 'north'), at(3, 10), at(4, 10), at(5, 10)];
  const lons = [at(1, 0), at(2, 0), at(3, 179), at(4, -179), at(5, 179)];
  assert.deepEqual(
    trackOf(lats, lons).map(({ ts, lon }) => [ts, lon]),
    [
      [3, 179],
      [4, 181],
      [5, 179],
    ],
  );
});

test('what is not on the globe, no number, or only half a place, is none', () => {
  const none: Record<string, LatestMetric>[] = [
    {},
    { lat: metric(1) },
    { lat: metric(90.1), lon: metric(0) },
    { lat: metric(0), lon: metric(-180.5) },
    { lat: metric('53'), lon: metric(1) },
    { lat: metric(true), lon: metric(1) },
    { lat: metric(Number.NaN), lon: metric(1) },
  ];
  for (const metrics of none) assert.equal(placeOf(metrics), null);
});

test('land that crosses the date line is drawn at both edges of the map, and no edge crosses the map', () => {
  const eastern = [
    [170, 60],
    [180, 65],
    [-170, 66],
    [170, 60],
  ];
  assert.deepEqual(onFlatMap([[eastern]]), [
    [
      [
        [170, 60],
        [180, 65],
        [190, 66],
        [170, 60],
      ],
    ],
    [
      [
        [-190, 60],
        [-180, 65],
        [-170, 66],
        [-190, 60],
      ],
    ],
  ]);
  const plain = [
    [10, 50],
    [11, 50],
    [11, 51],
    [10, 50],
  ];
  assert.deepEqual(onFlatMap([[plain]]), [[plain]]);
  const antarctica = [
    [-180, -90],
    [180, -90],
    [180, -80],
    [-180, -80],
    [-180, -90],
  ];
  assert.deepEqual(onFlatMap([[antarctica]]), [[antarctica]]);
  assert.deepEqual(onFlatMap([]), []);
});
