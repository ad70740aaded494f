import { encodeTelemetry } from '../schemas/frame/encode.js';
import type { Metric, OutgoingFrame } from './device.js';
import type { Group } from './fleetFile.js';
import { createSignal, type Signal } from './signals.js';

/** What all devices of a group share: their signals, split by what a binary frame can carry. */
export interface Plan {
  group: Group;
  numeric: Channel[];
  /** In a binary group, strings go as JSON text in the same numbering. */
  text: Channel[];
  stepMs: number;
}

interface Channel {
  metric: string;
  signal: Signal;
}

const textTypes = new Set(['door', 'switch']);

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
    stepMs: Math.floor(group.frameIntervalMs / group.samplesPerFrame),
  };
}

/** The metric table of a binary group; none where it has nothing that a binary frame can carry. */
export function metricsOf({ group, numeric }: Plan): Metric[] | undefined {
  const hasTable = group.encoding === 'binary' && numeric.length > 0;
  return hasTable ? numeric.map(({ metric }) => ({ name: metric })) : undefined;
}

/** Part of what a device measured in one interval. Its readings follow from (plan, device, dueAt) alone. */
export interface SimulatedFrame extends OutgoingFrame {
  part: 'numeric' | 'text';
  /** Unix ms: when it is due, and the time of its last sample. */
  dueAt: number;
}

/** The frames that are due at `dueAt`: one, or two where a binary device has strings. */
export function framesDue(plan: Plan, device: number, dueAt: number): SimulatedFrame[] {
  const frames: SimulatedFrame[] = [];
  if (plan.numeric.length > 0)
    frames.push(frameOf(plan, plan.numeric, 'numeric', device, dueAt, plan.group.encoding === 'binary'));
  if (plan.text.length > 0) frames.push(frameOf(plan, plan.text, 'text', device, dueAt, false));
  return frames;
}

function frameOf(
  plan: Plan,
  channels: Channel[],
  part: SimulatedFrame['part'],
  device: number,
  dueAt: number,
  binary: boolean,
): SimulatedFrame {
  return {
    part,
    dueAt,
    encode: (seq) =>
      binary ? encodeBinary(plan, channels, device, dueAt, seq) : encodeJson(plan, channels, device, dueAt, seq),
  };
}

/** Sample times of the frame due at `dueAt`, ascending. */
export function sampleTimes({ group, stepMs }: Plan, dueAt: number): number[] {
  return Array.from({ length: group.samplesPerFrame }, (_, i) => dueAt - (group.samplesPerFrame - 1 - i) * stepMs);
}

function encodeBinary(plan: Plan, channels: Channel[], device: number, dueAt: number, seq: number): Uint8Array {
  const times = sampleTimes(plan, dueAt);
  const rows = times.map((ts) => [ts - times[0], ...channels.map(({ signal }) => signal(device, ts) as number)]);
  const metrics = channels.map((_, number) => number);
  return encodeTelemetry({
    type: 'telemetry',
    kind: plan.group.valueType,
    seq,
    base: times[0],
    table: 0,
    metrics,
    rows,
  });
}

function encodeJson(plan: Plan, channels: Channel[], device: number, dueAt: number, seq: number): string {
  const samples = sampleTimes(plan, dueAt).map((ts) => ({
    ts,
    values: Object.fromEntries(channels.map(({ metric, signal }) => [metric, signal(device, ts)])),
  }));
  return JSON.stringify(samples.length === 1 ? { seq, ...samples[0] } : { seq, samples });
}

/** What the gateway must hold of that frame, by metric and time. */
export function* expectedReadings(
  plan: Plan,
  part: SimulatedFrame['part'],
  device: number,
  dueAt: number,
): Generator<{ metric: string; ts: number; value: number | string | boolean }> {
  const narrow = part === 'numeric' && plan.group.encoding === 'binary' && plan.group.valueType === 'f32';
  for (const ts of sampleTimes(plan, dueAt)) {
    for (const { metric, signal } of plan[part]) {
      const value = signal(device, ts);
      yield { metric, ts, value: narrow ? Math.fround(value as number) : value };
    }
  }
}

export function readingsPerFrame(plan: Plan, part: SimulatedFrame['part']): number {
  return plan[part].length * plan.group.samplesPerFrame;
}
