import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LatestMetric } from '../../schemas/generated/operator.js';
import { onFlatMap } from './land.js';
import { placeOf } from './places.js';

const metric = (value: number | string | boolean, unit: string | null = null) => ({ ts: 1, value, unit });

test('a place is two metrics with the units lat and lon, or with these names', () => {
  assert.deepEqual(placeOf({ a: metric(53.5, 'lat'), b: metric(-10, 'lon') }), { lat: 53.5, lon: -10 });
  assert.deepEqual(placeOf({ lat: metric(0), lon: metric(180), speed: metric(3) }), { lat: 0, lon: 180 });
  assert.deepEqual(placeOf({ lat: metric(1), lon: metric(2), gps: metric(53, 'lat') }), { lat: 53, lon: 2 });
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
