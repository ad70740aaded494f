import type { Fleet } from './fleet.js';
import { checkFleet } from './loadFleet.js';

/** A small, fast fleet of every encoding, with strings among its signals. */
export const mixedFleet = (): Fleet => checkFleet(structuredClone(mixed), 'mixed');

/** The fleet as the contents of a file. */
export const mixed = {
  seed: 7,
  rampSeconds: 0.2,
  groups: [
    {
      prefix: 'b',
      count: 6,
      encoding: 'binary',
      frameIntervalMs: 50,
      samplesPerFrame: 5,
      signals: { temperature: { type: 'temperature' }, door: { type: 'door' } },
    },
    {
      prefix: 'j',
      count: 4,
      frameIntervalMs: 70,
      signals: { lat: { type: 'lat', mean: 53 }, state: { type: 'switch' } },
    },
    {
      prefix: 'd',
      count: 2,
      encoding: 'binary',
      valueType: 'f64',
      frameIntervalMs: 90,
      signals: { wave: { type: 'wave' } },
    },
  ],
};
