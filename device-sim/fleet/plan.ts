import { encodeTelemetry } from '../../schemas/frame/encode.js';
import { shortestFloat32 } from '../../schemas/frame/float32.js';
import type { Metric, OutgoingFrame } from '../device/device.js';
import type { Group } from './fleet.js';
import { createSignal, type Signal } from './signals.js';

/** What all devices of a group share: their signals, separated by what a binary frame can carry. */
export interface Plan {
  group: Group;
  numeric: Channel[];
  /** In a binary group, strings are sent as JSON text in the same numbering. */
  text: Channel[];
  /** The pace at the start. */
  pace: Pace;
}

/** How a device sends at the moment. */
export interface Pace {
  intervalMs: number;
  /** Between the samples of a frame. */
  stepMs: number;
  /** How far the device's clock is ahead; null: it has no clock, and sends ages. */
  skewMs: number | null;
}

/** `stepMs` follows from the interval. */
export function paceOf(intervalMs: number, samplesPerFrame: number, skewMs: number | null = 0): Pace {
  return { intervalMs, stepMs: Math.floor(intervalMs / samplesPerFrame), skewMs };
}

interface Channel {
  metric: string;
  signal: Signal;
}

const textTypes = new Set(['door', 'switch']);

/** The plan of a group. Its signals follow from the seed. */
export function planOf(group: Group, seed: number): Plan {
  const channels = Object.entries(group.signals).map(([metric, config], i) => ({
    metric,
    signal: createSignal(config, seed + 101 * i),
    isText: textTypes.has(config.type),
  }));
  const binary = group.encoding === 'binary';
  return {
    group,
    numeric: channels.filter(({ isText }) => !(binary && isText)),
    text: channels.filter(({ isText }) => binary && isText),
    pace: paceOf(group.frameIntervalMs, group.samplesPerFrame),
  };
}

/** The metric table of a binary group; undefined if a binary frame can carry none of its signals. */
export function metricsOf({ group, numeric }: Plan): Metric[] | undefined {
  const hasTable = group.encoding === 'binary' && numeric.length > 0;
  return hasTable ? numeric.map(({ metric }) => ({ name: metric })) : undefined;
}

/** The parts of what a device measures in one interval; each is a frame of its own. */
export const parts = ['numeric', 'text'] as const;

/** One of these parts. */
export type Part = (typeof parts)[number];

/** One frame of a simulated device. Its readings follow from plan, device, pace and `dueAt` alone. */
export interface SimulatedFrame extends OutgoingFrame {
  part: Part;
  /** Unix ms. The frame is due then, and its last sample has this time. */
  dueAt: number;
}

/** The frames that are due at `dueAt`: one, or two if a binary device has strings. */
export function framesDue(plan: Plan, device: number, dueAt: number, pace = plan.pace): SimulatedFrame[] {
  const binary = plan.group.encoding === 'binary';
  return parts
    .filter((part) => plan[part].length > 0)
    .map((part) => {
      const encode = binary && part === 'numeric' ? encodeBinary : encodeJson;
      return {
        part,
        dueAt,
        encode: (seq) => encode(plan, plan[part], device, sampleTimes(plan, dueAt, pace), pace, seq),
      };
    });
}

/** The times of the samples of the frame that is due at `dueAt`, ascending, by a correct clock. */
export function sampleTimes({ group, pace }: Plan, dueAt: number, { stepMs } = pace): number[] {
  return Array.from({ length: group.samplesPerFrame }, (_, i) => dueAt - (group.samplesPerFrame - 1 - i) * stepMs);
}

type Encoder = (
  plan: Plan,
  channels: Channel[],
  device: number,
  times: number[],
  pace: Pace,
  seq: number,
) => string | Uint8Array;

const encodeBinary: Encoder = (plan, channels, device, times, { skewMs }, seq) => {
  const rows = times.map((ts) => [ts - times[0], ...channels.map(({ signal }) => signal(device, ts) as number)]);
  const metrics = channels.map((_, number) => number);
  return encodeTelemetry({
    type: 'telemetry',
    kind: plan.group.valueType,
    seq,
    base: skewMs === null ? Math.min(0, times[times.length - 1] - Date.now()) : times[0] + skewMs,
    table: 0,
    metrics,
    rows,
  });
};

const encodeJson: Encoder = (_plan, channels, device, times, { skewMs }, seq) => {
  const now = Date.now();
  const samples = times.map((ts) => ({
    ts: skewMs === null ? Math.min(0, ts - now) : ts + skewMs,
    values: Object.fromEntries(channels.map(({ metric, signal }) => [metric, signal(device, ts)])),
  }));
  return JSON.stringify(samples.length === 1 ? { seq, ...samples[0] } : { seq, samples });
};

/** The readings that the gateway must have of that frame. Of a device without a clock the times are not known here. */
export function* expectedReadings(
  plan: Plan,
  part: Part,
  device: number,
  dueAt: number,
  pace = plan.pace,
): Generator<{ metric: string; ts: number; value: number | string | boolean }> {
  const narrow = part === 'numeric' && plan.group.encoding === 'binary' && plan.group.valueType === 'f32';
  for (const ts of sampleTimes(plan, dueAt, pace)) {
    for (const { metric, signal } of plan[part]) {
      const value = signal(device, ts);
      yield {
        metric,
        ts: ts + (pace.skewMs ?? 0),
        value: narrow ? shortestFloat32(Math.fround(value as number)) : value,
      };
    }
  }
}

/** How many readings a frame of this part has. */
export function readingsPerFrame(plan: Plan, part: Part): number {
  return plan[part].length * plan.group.samplesPerFrame;
}
