import { limits } from '../../schemas/tables/limits.js';
import type { DeviceMeter } from '../admission/deviceRates.js';
import type { MetricDeclaration } from '../domain/declared.js';
import type { Device } from '../domain/device.js';
import type { Series, SeriesKind } from '../domain/series.js';

/** What ingest knows of one device: its series, its streams, its metric tables. */
export interface Source {
  device: Device;
  /** The last time of receipt given: they ascend by at least 1 ms, so that readings without a time differ in it. */
  receivedAt: number;
  /** By metric the times that ages became lately (ages.ts); empty for a device that never sent an age. */
  given: Map<string, number[]>;
  series: Map<string, Series>;
  /** Those that the device named, at most 16. */
  streams: Stream[];
  /** Those that the device declared by number, at most 8, in order of declaration. */
  tables: MetricTable[];
  /** The device's model as a table, and the name of the model it was made of. */
  modelTable: MetricTable | null;
  modelName: string | null;
  /** What it has used of its limits; null where there are none, or it sent nothing yet. */
  meter: DeviceMeter | null;
}

/** A numbered sequence of frames. */
export interface Stream {
  /** 0 until its first frame. */
  id: number;
  name: string;
  kept: boolean;
  /** The highest seq on disk. */
  mark: number;
  /** The highest seq taken in, on disk or on the way there. */
  pending: number;
  usedAt: number;
}

export interface MetricTable {
  number: number;
  /** By metric number; holes where a model leaves numbers out. */
  columns: Column[];
  byName: Map<string, Column>;
}

export interface Column {
  name: string;
  unit: string | null;
  scale: number;
  /** The kind that the model says; null: any. */
  kind: SeriesKind | null;
  range: { min: number; max: number; refuse: boolean } | null;
  /** Null until its first reading. */
  series: Series | null;
}

export function createSource(device: Device): Source {
  return {
    device,
    receivedAt: 0,
    given: new Map(),
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

/** The kept stream of that name; the least recently used one makes room for a new one. */
export function streamOf(source: Source, name: string, now: number): Stream {
  const known = source.streams.find((stream) => stream.name === name);
  if (known !== undefined) return known;
  if (source.streams.length >= limits.streamsPerDeviceMax) {
    const oldest = source.streams.reduce((a, b) => (b.usedAt < a.usedAt ? b : a));
    source.streams.splice(source.streams.indexOf(oldest), 1);
  }
  const stream = createStream(name, true);
  stream.usedAt = now;
  source.streams.push(stream);
  return stream;
}

export function tableOfDeclarations(number: number, metrics: MetricDeclaration[]): MetricTable {
  const columns = metrics.map(
    ({ name, unit, scale }): Column => ({ name, unit, scale, kind: null, range: null, series: null }),
  );
  return { number, columns, byName: byName(columns) };
}

export function byName(columns: Column[]): Map<string, Column> {
  return new Map(columns.filter((column) => column !== undefined).map((column) => [column.name, column]));
}

export function sameDeclarations(table: MetricTable, metrics: MetricDeclaration[]): boolean {
  return (
    table.columns.length === metrics.length &&
    metrics.every(({ name, unit, scale }, i) => {
      const column = table.columns[i];
      return column.name === name && column.unit === unit && column.scale === scale;
    })
  );
}

/** Keeps a declared table; the one declared longest ago makes room for the ninth. */
export function keepTable(source: Source, table: MetricTable): void {
  if (source.tables.length >= limits.metricTablesPerDeviceMax) source.tables.shift();
  source.tables.push(table);
}
