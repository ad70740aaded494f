import { encodeRow } from './binaryMessages.js';
import { columnsMax, type Encoding, type MetricTable, type Values } from './protocol.js';

/** A reading as the buffer holds it: whole, so that any later table can be used to send it. */
export interface Reading {
  values: Values;
  /** Unix ms; or the moment of measuring by the client's own steady clock, from which the gateway's time is reckoned (I-3). */
  time: { ts: number } | { measuredAt: number };
}

/**
 * What to send for a reading: a binary row where its values are numbers of the table, else text (B-7). `gatewayOffsetMs` leads
 * from the steady clock to the gateway's; while it stays, a reading that is sent again has the same time.
 */
export function encodeReading(
  { values, time }: Reading,
  seq: number,
  encoding: Encoding,
  table: MetricTable | null,
  gatewayOffsetMs: number,
): string | Uint8Array<ArrayBuffer> {
  const ts = 'ts' in time ? time.ts : Math.round(time.measuredAt + gatewayOffsetMs);
  const columns = encoding === 'binary' && table !== null ? columnsOf(values, table) : null;
  if (columns === null) return JSON.stringify({ type: 'telemetry', seq, ts, values });
  return encodeRow({ seq, base: ts, table: table?.table ?? 0, ...columns });
}

/** By number, unscaled; null where the table has not all of them. */
function columnsOf(values: Values, { metrics }: MetricTable): { metrics: number[]; values: number[] } | null {
  const names = Object.keys(values);
  const numbers = names.map((name) => metrics.findIndex((metric) => metric.name === name));
  if (names.length === 0 || names.length > columnsMax || numbers.includes(-1)) return null;
  if (names.some((name) => typeof values[name] !== 'number')) return null;
  return {
    metrics: numbers,
    values: names.map((name, i) => unscaled(values[name] as number, metrics[numbers[i]].scale ?? 1)),
  };
}

/** 21.5 by 0.01 is 2150, though dividing may give 2149.9999999999995. */
function unscaled(value: number, scale: number): number {
  const raw = value / scale;
  const whole = Math.round(raw);
  return Math.abs(raw - whole) <= Math.abs(raw) * 1e-12 ? whole : raw;
}
