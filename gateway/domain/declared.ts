import type { SeriesRecord } from './series.js';

/** Names that the frames of this commit or of later ones use. Declaring a name twice is harmless. */
export interface Declared {
  series: SeriesRecord[];
  streams: StreamRecord[];
  tables: MetricTableRecord[];
}

export interface StreamRecord {
  id: number;
  deviceKey: number;
  name: string;
  /** The device named the stream, so its mark is kept. If false, the stream ends with its link. */
  kept: boolean;
}

/** A stream with its mark. */
export interface MarkedStream extends StreamRecord {
  /** The highest sequence number that is stored. */
  mark: number;
  /** Unix ms of the receipt of its last frame. */
  usedAt: number;
}

/**
 * Names of streams that are remembered per device for reading the log: `kept` of those that the device named, `own` of those that
 * end with their link (or belong to an admitted frame). No more can be in use at one position of the log.
 */
export const streamNamesMax = { kept: 32, own: 2 } as const;

/** One metric of a binary frame's table. */
export interface MetricDeclaration {
  name: string;
  unit: string | null;
  scale: number;
}

/** The metrics that a device's binary frames refer to by place. */
export interface MetricTableRecord {
  deviceKey: number;
  /** The number that the device gave to the table. */
  table: number;
  metrics: MetricDeclaration[];
}
