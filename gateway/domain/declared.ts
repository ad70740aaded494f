import type { SeriesRecord } from './series.js';

/** Names that frames of this or later commits use. Repeating one is harmless. */
export interface Declared {
  series: SeriesRecord[];
  streams: StreamRecord[];
  tables: MetricTableRecord[];
}

export interface StreamRecord {
  id: number;
  deviceKey: number;
  name: string;
  /** Named by the device, so its mark is kept; else it lives with one link. */
  kept: boolean;
}

export interface MetricDeclaration {
  name: string;
  unit: string | null;
  scale: number;
}

export interface MetricTableRecord {
  deviceKey: number;
  table: number;
  metrics: MetricDeclaration[];
}
