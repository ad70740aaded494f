import { limits } from '../../schemas/tables/limits.js';
import type { MetricDeclaration } from '../domain/declared.js';
import type { Model } from '../domain/model.js';
import { type Series, type SeriesKind, seriesKinds } from '../domain/series.js';

/** What the metric numbers of a binary frame mean, and what was declared for a metric by name. */
export interface MetricTable {
  /** The number under which the device declared it; 0 for the table of a link or a model. */
  number: number;
  /** By metric number. A model may leave numbers out, so there may be holes. */
  columns: Column[];
  byName: Map<string, Column>;
}

export interface Column {
  name: string;
  unit: string | null;
  scale: number;
  /** The kind that the model demands; null if it demands none. */
  kind: SeriesKind | null;
  range: { min: number; max: number; refuse: boolean } | null;
  /** Null until the first reading. */
  series: Series | null;
}

export function tableOfDeclarations(number: number, metrics: MetricDeclaration[]): MetricTable {
  const columns = metrics.map(
    ({ name, unit, scale }): Column => ({ name, unit, scale, kind: null, range: null, series: null }),
  );
  return tableOf(number, columns);
}

/** A table of some metrics at their numbers. */
export function tableOfNumbered(number: number, metrics: (MetricDeclaration & { number: number })[]): MetricTable {
  const columns: Column[] = [];
  for (const { number: place, name, unit, scale } of metrics)
    columns[place] = { name, unit, scale, kind: null, range: null, series: null };
  return tableOf(number, columns);
}

export function tableOfModel(model: Model): MetricTable {
  const columns: Column[] = [];
  for (const { number, name, unit, kind, scale, range } of model.metrics) {
    columns[number] = {
      name,
      unit: unit ?? null,
      scale: scale ?? 1,
      kind: kind === undefined ? null : seriesKinds[kind],
      range: range === undefined ? null : rangeOf(range),
      series: null,
    };
  }
  return tableOf(0, columns);
}

function rangeOf({ min, max, outside }: NonNullable<Model['metrics'][number]['range']>): Column['range'] {
  return {
    min: min ?? Number.NEGATIVE_INFINITY,
    max: max ?? Number.POSITIVE_INFINITY,
    refuse: outside === 'refuse',
  };
}

function tableOf(number: number, columns: Column[]): MetricTable {
  const byName = new Map(columns.filter((column) => column !== undefined).map((column) => [column.name, column]));
  return { number, columns, byName };
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

/** Keeps a declared table. The table that was declared longest ago makes room for the ninth. */
export function keepTable(tables: MetricTable[], table: MetricTable): void {
  if (tables.length >= limits.metricTablesPerDeviceMax) tables.shift();
  tables.push(table);
}
