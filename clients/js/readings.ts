import { encodeRow } from './binaryMessages.js';
import { limits } from './core/contract.js';
import type { Encoding } from './core/messages.js';

/** One metric of a metric table (J-5). */
export interface Metric {
  name: string;
  /** A SenML unit code (RFC 8428), such as `Cel`. */
  unit?: string;
  /** The gateway multiplies the values of binary frames by it (J-13); 1 by default. */
  scale?: number;
}

/** A metric table. Without a number it is table 0 of each link alone (J-11). */
export interface MetricTable {
  table?: number;
  metrics: readonly Metric[];
}

/** Values by the name of their metric. `null` stores nothing (I-8). */
export type Values = Record<string, number | string | boolean | null>;

/** Throws RangeError for a whole number that a number may have rounded already: the gateway would refuse it (J-3). */
export function checkValues(values: Values): void {
  for (const [name, value] of Object.entries(values))
    if (typeof value === 'number' && /^-?\d+$/.test(String(value)) && !Number.isSafeInteger(value))
      throw new RangeError(`${name} is beyond what a number holds exactly (2^53): send it as a string`);
}

/** A reading in the buffer: with the names of its metrics, so that any later table can be used to send it. */
export interface Reading {
  values: Values;
  /** Unix ms; or the moment of measuring by the client's steady clock, from which the gateway's time is computed (I-3). */
  time: { ts: number } | { measuredAt: number };
}

/**
 * The message for a reading: a binary row if all its values are numbers of the table, else text (B-7). `gatewayOffsetMs` is from
 * the steady clock to the gateway's; while it stays the same, a reading that is sent again has the same time.
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

/** The numbers of the metrics and their values without scale. Null if a value is no number or its metric is not in the table. */
function columnsOf(values: Values, { metrics }: MetricTable): { metrics: number[]; values: number[] } | null {
  const entries = Object.entries(values);
  if (entries.length === 0 || entries.length > limits.columnsMax) return null;
  const columns = { metrics: [] as number[], values: [] as number[] };
  for (const [name, value] of entries) {
    const number = metrics.findIndex((metric) => metric.name === name);
    if (number === -1 || typeof value !== 'number') return null;
    columns.metrics.push(number);
    columns.values.push(unscaled(value, metrics[number].scale ?? 1));
  }
  return columns;
}

/** 21.5 with a scale of 0.01 is 2150, although the division may give 2149.9999999999995. */
function unscaled(value: number, scale: number): number {
  const raw = value / scale;
  const whole = Math.round(raw);
  return Math.abs(raw - whole) <= Math.abs(raw) * 1e-12 ? whole : raw;
}
