import type { SignalConfig } from '../../schemas/generated/config.js';

/**
 * A signal that looks like a real one. It is a pure function of seed, device and time (Unix ms), so any reading can be computed
 * again long after it was sent.
 */
export type Signal = (deviceIndex: number, ts: number) => number | string | boolean;

const dayMs = 86_400_000;
const turn = 2 * Math.PI;

/** The signal of a type in a fleet file. */
export function createSignal({ type, mean, swing, noise }: SignalConfig, seed: number): Signal {
  const chance = (device: number, step: number, salt: number): number => uniform(seed + salt, device, step);
  const wobble = (device: number, ts: number): number => chance(device, ts, 1) + chance(device, ts, 2) - 1;
  /** A day's curve, each device with its own phase, lowest in the small hours. */
  const day = (device: number, ts: number): number => Math.sin(turn * (ts / dayMs + chance(device, 0, 3) * 0.1 - 0.3));
  /** A slow movement that stays near 0. */
  const walk = (device: number, ts: number, salt: number): number => {
    const phase = turn * chance(device, 0, salt);
    return (
      Math.sin(ts / 600_000 + phase) + 0.4 * Math.sin(ts / 97_000 + 2 * phase) + 0.1 * Math.sin(ts / 13_000 + 3 * phase)
    );
  };
  switch (type) {
    case 'temperature':
      return (device, ts) =>
        round((mean ?? 20) + (swing ?? 5) * day(device, ts) + (noise ?? 0.2) * wobble(device, ts), 2);
    case 'humidity':
      return (device, ts) =>
        round(clamp((mean ?? 50) - (swing ?? 10) * day(device, ts) + (noise ?? 1) * wobble(device, ts), 0, 100), 1);
    case 'battery':
      return (device, ts) => round(100 - 80 * ((ts / (7 * dayMs) + chance(device, 0, 4)) % 1), 2);
    case 'energy':
      return (device, ts) =>
        Math.round((mean ?? 1_000) * ((ts - 1_767_225_600_000) / 1_000 + 60 * (walk(device, ts, 5) + 2)) * 0.01);
    case 'lat':
    case 'lon':
      return (device, ts) =>
        round((mean ?? 0) + 0.02 * walk(device, ts, type === 'lat' ? 6 : 7) + 0.1 * (chance(device, 0, 8) - 0.5), 6);
    case 'speed':
      return (device, ts) => round(Math.max(0, (mean ?? 10) * (1 + 0.5 * walk(device, ts, 9)) + wobble(device, ts)), 1);
    case 'door':
      return (device, ts) => (chance(device, Math.floor(ts / 20_000), 10) < 0.2 ? 'open' : 'closed');
    case 'switch':
      return (device, ts) =>
        ['heating', 'idle', 'defrost'][Math.floor(chance(device, Math.floor(ts / 15_000), 11) * 3)];
    case 'wave':
      return (device, ts) => round((mean ?? 0) + (swing ?? 1) * Math.sin((turn * ts) / 60_000 + device), 3);
    default:
      return type satisfies never;
  }
}

/** Evenly spread in [0, 1), the same for the same arguments: an integer hash (murmur3's finalizer) over each in turn. */
export function uniform(seed: number, device: number, step: number): number {
  let hash = mix(seed | 0);
  hash = mix(hash ^ device);
  hash = mix(hash ^ (step | 0));
  hash = mix(hash ^ Math.floor(step / 0x1_0000_0000));
  return (hash >>> 0) / 0x1_0000_0000;
}

function mix(value: number): number {
  let h = (value + 0x9e37_79b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}

const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));
