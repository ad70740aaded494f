import type { MetricsMessage } from '../../schemas/generated/device.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Batch } from '../columns/batch.js';
import type { MetricDeclaration } from '../domain/declared.js';
import type { Device } from '../domain/device.js';
import type { Model } from '../domain/model.js';
import { type Series, type SeriesKind, seriesKinds } from '../domain/series.js';
import type { Restored } from '../store/threads/calls.js';
import {
  byName,
  type Column,
  createSource,
  createStream,
  keepTable,
  type MetricTable,
  type Source,
  type Stream,
  sameDeclarations,
  streamOf,
  tableOfDeclarations,
} from './source.js';

export type Sources = ReturnType<typeof createSources>;

interface Declaring {
  source: Source;
  table: MetricTable | null;
}

/** Series, streams and metric tables of all devices, in memory. What is new goes into the batch at hand. */
export function createSources(options: {
  restored: Restored;
  models: ReadonlyMap<string, Model>;
  batch(): Batch;
  /** Called before the first reading of a series is taken. */
  seriesCreated(series: Series): void;
}) {
  const { restored, models } = options;
  const byKey = new Map<number, Source>();
  const seriesById: Series[] = [];
  let nextSeriesId = restored.nextSeriesId;
  let nextStreamId = restored.nextStreamId;
  restore();

  function restore(): void {
    const known = new Map(restored.devices.map((device) => [device.key, device]));
    const sourceFor = (key: number): Source | undefined => {
      const device = known.get(key);
      return device === undefined ? undefined : of(device);
    };
    for (const series of restored.series) {
      seriesById[series.id] = series;
      sourceFor(series.deviceKey)?.series.set(series.metric, series);
    }
    const streams = restored.streams.filter((stream) => stream.kept).sort((a, b) => b.usedAt - a.usedAt);
    for (const { id, deviceKey, name, mark, usedAt } of streams) {
      const source = sourceFor(deviceKey);
      if (source === undefined || source.streams.length >= limits.streamsPerDeviceMax) continue;
      if (source.streams.some((stream) => stream.name === name)) continue;
      source.streams.push({ id, name, kept: true, mark, pending: mark, usedAt });
    }
    for (const { deviceKey, table, metrics } of restored.tables) {
      const source = sourceFor(deviceKey);
      if (source !== undefined) keepTable(source, tableOfDeclarations(table, metrics));
    }
    restored.receipts.device.forEach((key, i) => {
      const source = sourceFor(key);
      if (source !== undefined) source.receivedAt = restored.receipts.at[i];
    });
  }

  function of(device: Device): Source {
    let source = byKey.get(device.key);
    if (source === undefined) {
      source = createSource(device);
      byKey.set(device.key, source);
    }
    source.device = device;
    return source;
  }

  /** `declared` is the unit that came with the metric; without one the model's counts. */
  function createSeries(source: Source, metric: string, declared: string | null, kind: SeriesKind): number {
    const unit = declared ?? modelTable(source)?.byName.get(metric)?.unit ?? null;
    const series: Series = { id: nextSeriesId++, deviceKey: source.device.key, metric, unit, kind };
    seriesById[series.id] = series;
    source.series.set(metric, series);
    options.seriesCreated(series);
    declareSeries(source, series);
    return series.id;
  }

  function declareSeries({ device }: Source, series: Series): void {
    options.batch().declared.series.push({ ...series, device: device.id, deviceCreatedAt: device.createdAt });
  }

  function nameStream(source: Source, stream: Stream): void {
    stream.id = nextStreamId++;
    const { id, name, kept } = stream;
    options.batch().declared.streams.push({ id, deviceKey: source.device.key, name, kept });
  }

  /** The columns of a model, made anew for each device, since they remember its series. */
  function modelTable(source: Source): MetricTable | null {
    const { model } = source.device;
    if (source.modelName === model) return source.modelTable;
    source.modelName = model;
    const found = model === null ? undefined : models.get(model);
    source.modelTable = found === undefined ? null : tableOfModel(found);
    return source.modelTable;
  }

  function tableOf({ source, table }: Declaring, number: number): MetricTable | null {
    if (number === 0) return table ?? modelTable(source);
    return source.tables.find((one) => one.number === number) ?? null;
  }

  /** What was declared of a metric by name: on the link, in the model, or in the newest numbered table. */
  function columnByName({ source, table }: Declaring): (metric: string) => Column | undefined {
    const model = modelTable(source);
    return (metric) =>
      model?.byName.get(metric) ??
      table?.byName.get(metric) ??
      source.tables.findLast((one) => one.byName.has(metric))?.byName.get(metric);
  }

  function declare(link: Declaring, message: MetricsMessage): Fault | null {
    const metrics = message.metrics.map(
      ({ name, unit = null, scale = 1 }): MetricDeclaration => ({ name, unit, scale }),
    );
    const twice = metrics.findIndex(({ name }, i) => metrics.findIndex((other) => other.name === name) !== i);
    if (twice >= 0) {
      return {
        code: 'schema_invalid',
        message: `${metrics[twice].name} is declared twice`,
        path: `/metrics/${twice}/name`,
      };
    }
    const { source } = link;
    const number = message.table ?? 0;
    const table = tableOfDeclarations(number, metrics);
    if (number === 0) link.table = table;
    else {
      const known = source.tables.find((one) => one.number === number);
      if (known !== undefined && !sameDeclarations(known, metrics)) {
        return {
          code: 'schema_invalid',
          message: `table ${number} was declared before, with other metrics`,
          path: '/table',
        };
      }
      if (known === undefined) {
        keepTable(source, table);
        options.batch().declared.tables.push({ deviceKey: source.device.key, table: number, metrics });
      }
    }
    learnUnits(source, metrics);
    return null;
  }

  /** A unit that is declared after the first reading still reaches the series. */
  function learnUnits(source: Source, metrics: MetricDeclaration[]): void {
    for (const { name, unit } of metrics) {
      const series = source.series.get(name);
      if (series === undefined || unit === null || series.unit === unit) continue;
      series.unit = unit;
      declareSeries(source, series);
    }
  }

  function tableOfModel(model: Model): MetricTable {
    const columns: Column[] = [];
    for (const { number, name, unit, kind, scale, range } of model.metrics) {
      columns[number] = {
        name,
        unit: unit ?? null,
        scale: scale ?? 1,
        kind: kind === undefined ? null : seriesKinds[kind],
        range:
          range === undefined
            ? null
            : {
                min: range.min ?? Number.NEGATIVE_INFINITY,
                max: range.max ?? Number.POSITIVE_INFINITY,
                refuse: range.outside === 'refuse',
              },
        series: null,
      };
    }
    return { number: 0, columns, byName: byName(columns) };
  }

  return {
    of,
    streamOf,
    createSeries,
    nameStream,
    tableOf,
    columnByName,
    declare,
    /** The models have changed: their tables are made anew when they are next needed. */
    forgetModels(): void {
      for (const source of byKey.values()) {
        source.modelName = null;
        source.modelTable = null;
      }
    },
    seriesById: (id: number): Series => seriesById[id],
    /** When the last frame of the device was taken in; 0: never. */
    receivedAt: (deviceKey: number): number => byKey.get(deviceKey)?.receivedAt ?? 0,
    forget(deviceKey: number): void {
      byKey.delete(deviceKey);
    },
    /** A stream that lives with its link. */
    ownStream: (name: string): Stream => createStream(name, false),
  };
}
