import { limits } from '../../schemas/tables/limits.js';
import type { DeviceMeter } from '../admission/deviceRates.js';
import type { Device } from '../domain/device.js';
import type { Series } from '../domain/series.js';
import type { MetricTable } from './metricTable.js';
import type { UsedTimes } from './usedTimes.js';

/** What ingest knows of one device: its series, its streams, its metric tables. */
export interface Source {
  device: Device;
  /** When the last frame of the device was received; 0 if none was, or only under a clock that was wrong. */
  receivedAt: number;
  /** By metric, the times that the gateway made up lately (ages.ts). Empty for a device that always sends its own times. */
  given: Map<string, UsedTimes>;
  /** What the device's frames said about the gateway's clock (health/clockJury.ts). */
  clockVote: number;
  series: Map<string, Series>;
  /** The streams that the device named, at most 16. */
  streams: Stream[];
  /** The tables that the device declared with a number, at most 8, in order of declaration. */
  tables: MetricTable[];
  /** The device's model as a table, and the name of the model that it was made from. */
  modelTable: MetricTable | null;
  modelName: string | null;
  /** What the device has used of its limits; null if there are no limits, or the device sent nothing yet. */
  meter: DeviceMeter | null;
}

/** A numbered sequence of frames. */
export interface Stream {
  /** 0 until its first frame. */
  id: number;
  name: string;
  /** Whether the mark outlives the link. */
  kept: boolean;
  /** The highest seq on disk. */
  mark: number;
  /** The highest seq taken in, on disk or on the way there. */
  pending: number;
  usedAt: number;
}

export function createSource(device: Device): Source {
  return {
    device,
    receivedAt: 0,
    given: new Map(),
    clockVote: 0,
    series: new Map(),
    streams: [],
    tables: [],
    modelTable: null,
    modelName: null,
    meter: null,
  };
}

export function createStream(name: string, kept: boolean): Stream {
  return { id: 0, name, kept, mark: 0, pending: 0, usedAt: 0 };
}

/**
 * The kept stream of that name. A new one is kept with its first frame, by `keepStream`: links that send nothing push no stream of
 * the device out.
 */
export function streamOf(source: Source, name: string): Stream {
  return source.streams.find((stream) => stream.name === name) ?? createStream(name, true);
}

/** Keeps a stream with its first frame. The least recently used stream makes room for it. */
export function keepStream(source: Source, stream: Stream): void {
  if (source.streams.length >= limits.streamsPerDeviceMax) {
    const oldest = source.streams.reduce((a, b) => (b.usedAt < a.usedAt ? b : a));
    source.streams.splice(source.streams.indexOf(oldest), 1);
  }
  source.streams.push(stream);
}
