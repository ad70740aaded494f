import type { SaidFrame, Sample } from '../players/wire.js';

/** What the runner gives a client to send; values that every kind of number holds exactly. */
export interface Reading {
  ts?: number;
  values: { temperature: number; humidity: number };
}

export const usualTable = [
  { name: 'temperature', unit: 'Cel' },
  { name: 'humidity', unit: '%RH' },
];

/** Far from each other, so that a shift is seen; the numbers say which reading it is. */
export const valuesOf = (n: number): Reading['values'] => ({ temperature: n + 0.5, humidity: 1_000 + n });

/** The time of reading 1, such that all lie in the past. */
const firstTs = Date.now() - 3_600_000;

export const reading = (n: number): Reading & { ts: number } => ({ ts: firstTs + 1_000 * n, values: valuesOf(n) });

export const readings = (from: number, to: number): (Reading & { ts: number })[] =>
  Array.from({ length: to - from + 1 }, (_, i) => reading(from + i));

export const sameValue = (a: unknown, b: number): boolean =>
  typeof a === 'number' && Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(b));

export const sameValues = (values: Sample['values'], wanted: Reading['values']): boolean =>
  Object.keys(values).length === 2 &&
  sameValue(values.temperature, wanted.temperature) &&
  sameValue(values.humidity, wanted.humidity);

/** Which reading a frame holds: 'r3', or what it holds instead. Frames of readings without times are recognised by their values. */
export function nameOf({ samples }: SaidFrame, timed = true): string {
  const [sample] = samples;
  const n = Math.round(Number(sample.values.temperature) - 0.5);
  const wanted = reading(n);
  const fits = samples.length === 1 && sameValues(sample.values, wanted.values) && (!timed || sample.ts === wanted.ts);
  return fits ? `r${n}` : JSON.stringify(samples);
}

/** Such as '17=r1 18=r2'. */
export const listOf = (frames: readonly SaidFrame[]): string =>
  frames.map((frame) => `${frame.seq}=${nameOf(frame)}`).join(' ');
