import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSignal, uniform } from './signals.js';

test('signals are functions of seed, device and time alone', () => {
  for (const type of [
    'temperature',
    'humidity',
    'battery',
    'energy',
    'lat',
    'lon',
    'speed',
    'door',
    'switch',
    'wave',
  ] as const) {
    const [one, same] = [createSignal({ type }, 5), createSignal({ type }, 5)];
    for (let ts = 1_795_305_600_000; ts < 1_795_305_700_000; ts += 9_999) assert.equal(one(3, ts), same(3, ts));
  }
  const energy = createSignal({ type: 'energy' }, 5);
  for (let ts = 1_795_305_600_000, last = -1; ts < 1_795_305_900_000; ts += 1_000) {
    assert.ok((energy(1, ts) as number) >= last, 'an energy counter never runs back');
    last = energy(1, ts) as number;
  }
  const door = createSignal({ type: 'door' }, 5);
  const doors = new Set(Array.from({ length: 200 }, (_, i) => door(1, 1_795_305_600_000 + 20_000 * i)));
  assert.deepEqual([...doors].sort(), ['closed', 'open']);
  const temperature = createSignal({ type: 'temperature', mean: 20, swing: 5, noise: 0 }, 5);
  const day = Array.from({ length: 96 }, (_, i) => temperature(1, 1_795_305_600_000 + 900_000 * i) as number);
  assert.ok(Math.max(...day) > 24.9 && Math.min(...day) < 15.1, 'a day has its high and its low');
  const humidity = createSignal({ type: 'humidity', mean: 99, swing: 30 }, 5);
  assert.ok(Array.from({ length: 96 }, (_, i) => humidity(1, 900_000 * i) as number).every((value) => value <= 100));
});

test('a tracker moves like a vehicle: no two places a second apart are further from each other than 60 m', () => {
  const lat = createSignal({ type: 'lat', mean: 53.55 }, 5);
  const lon = createSignal({ type: 'lon', mean: 9.99 }, 6);
  const metresPerDegree = 111_320;
  for (let ts = 1_795_305_600_000; ts < 1_795_306_800_000; ts += 1_000) {
    const north = ((lat(2, ts + 1_000) as number) - (lat(2, ts) as number)) * metresPerDegree;
    const east = ((lon(2, ts + 1_000) as number) - (lon(2, ts) as number)) * metresPerDegree * Math.cos(0.93);
    assert.ok(Math.hypot(north, east) < 60, `${Math.hypot(north, east)} m`);
  }
});

test('chance is spread evenly and differs between devices, steps and seeds', () => {
  let sum = 0;
  for (let i = 0; i < 10_000; i++) sum += uniform(1, i % 100, i);
  assert.ok(Math.abs(sum / 10_000 - 0.5) < 0.02);
  assert.equal(new Set([uniform(1, 2, 3), uniform(2, 2, 3), uniform(1, 3, 3), uniform(1, 2, 4)]).size, 4);
});
