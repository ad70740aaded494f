import type { MetricsMessage } from '../../schemas/generated/device.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Batch } from '../columns/batch.js';
import type { MarkedStream, MetricDeclaration, MetricTableRecord } from '../domain/declared.js';
import type { Device } from '../domain/device.js';
import type { Model } from '../domain/model.js';
import type { Series, SeriesKind, SeriesRecord } from '../domain/series.js';
import type { IngestLink } from './entries.js';
import {
  type Column,
  keepTable,
  type MetricTable,
  sameDeclarations,
  tableOfDeclarations,
  tableOfModel,
} from './metricTable.js';
import { fault } from './rules.js';
import { createSource, createStream, keepStream, type Source, type Stream, streamOf } from './source.js';

/** What the store remembers of devices, series, streams, tables and receipt times. */
export interface RestoredSources {
  devices: Device[];
  series: SeriesRecord[];
  streams: MarkedStream[];
  tables: MetricTableRecord[];
  /** The last receipt time per device key. */
  receipts: { device: Uint32Array; at: Float64Array };
  /** Times of readings, in order of their series. */
  recentTimes: { series: Uint32Array; ts: Float64Array };
  nextSeriesId: number;
  nextStreamId: number;
}

export interface SourcesOptions {
  restored: RestoredSources;
  models: ReadonlyMap<string, Model>;
  /** The batch that takes what arrives now. */
  batch(): Batch;
  /** Called before the first reading of a series is taken. */
  seriesCreated(series: Series): void;
}

/** Who declares metrics: a device on a link. */
interface Declaring extends Pick<IngestLink, 'source' | 'table' | 'refusedTables' | 'drain'> {}

/** Series, streams and metric tables of all devices, in memory. What is new is declared in the batch in hand. */
export class Sources {
  private readonly byKey = new Map<number, Source>();
  private readonly series: Series[] = [];
  private nextSeriesId: number;
  private nextStreamId: number;

  constructor(private readonly options: SourcesOptions) {
    this.nextSeriesId = options.restored.nextSeriesId;
    this.nextStreamId = options.restored.nextStreamId;
    this.restore(options.restored);
  }

  /** The source of a device. */
  readonly of = (device: Device): Source => {
    let source = this.byKey.get(device.key);
    if (source === undefined) {
      source = createSource(device);
      this.byKey.set(device.key, source);
    }
    source.device = device;
    return source;
  };

  /** The stream that the device named. */
  streamOf(source: Source, name: string): Stream {
    return streamOf(source, name);
  }

  /** A stream that lives with its link. */
  ownStream(name: string): Stream {
    return createStream(name, false);
  }

  /** Makes a series and returns its id. `declared` is the unit that came with the metric; without one the model's unit counts. */
  readonly createSeries = (source: Source, metric: string, declared: string | null, kind: SeriesKind): number => {
    const unit = declared ?? this.modelTable(source)?.byName.get(metric)?.unit ?? null;
    const series: Series = { id: this.nextSeriesId++, deviceKey: source.device.key, metric, unit, kind };
    this.series[series.id] = series;
    source.series.set(metric, series);
    this.options.seriesCreated(series);
    this.declareSeries(source, series);
    return series.id;
  };

  /** Gives a stream its id, with its first frame. The least recently used one of 16 that a device named makes room for it. */
  nameStream(source: Source, stream: Stream): void {
    stream.id = this.nextStreamId++;
    if (stream.kept) keepStream(source, stream);
    const { id, name, kept } = stream;
    this.options.batch().declared.streams.push({ id, deviceKey: source.device.key, name, kept });
  }

  /** The table that a binary frame names; null if it was never declared. */
  tableOf({ source, table, refusedTables }: Declaring, number: number): MetricTable | null {
    if (refusedTables?.has(number)) return null;
    if (number === 0) return table ?? this.modelTable(source);
    return source.tables.find((known) => known.number === number) ?? null;
  }

  /** Finds what was declared for a metric: in the model, on the link, or in the newest numbered table that has it. */
  columnByName({ source, table, refusedTables }: Declaring): (metric: string) => Column | undefined {
    const model = this.modelTable(source);
    return (metric) =>
      model?.byName.get(metric) ??
      table?.byName.get(metric) ??
      source.tables
        .findLast((known) => known.byName.has(metric) && !refusedTables?.has(known.number))
        ?.byName.get(metric);
  }

  /** Takes a metric table. Returns the fault if it cannot be taken. */
  declare(link: Declaring, message: MetricsMessage): Fault | null {
    const metrics = message.metrics.map(
      ({ name, unit = null, scale = 1 }): MetricDeclaration => ({ name, unit, scale }),
    );
    const number = message.table ?? 0;
    const twice = metrics.findIndex(({ name }, i) => metrics.findIndex((other) => other.name === name) !== i);
    if (twice >= 0) {
      this.refuseTable(link, number, null);
      return fault('schema_invalid', `${metrics[twice].name} is declared twice`, `/metrics/${twice}/name`);
    }
    const table = tableOfDeclarations(number, metrics);
    if (number === 0) link.table = table;
    else if (!this.keepNumbered(link.source, table, metrics)) {
      this.refuseTable(link, number, table);
      return fault('schema_invalid', `table ${number} was declared before, with other metrics`, '/table');
    }
    link.refusedTables?.delete(number);
    this.learnUnits(link.source, metrics);
    return null;
  }

  /**
   * The declaration of a table was refused on this link: until it declares the table again, frames of the number have no meaning
   * here. `table` is what it declared, if that could be read. A link with more of them than a device has tables is closed.
   */
  refuseTable(link: Declaring, number: number, table: MetricTable | null): void {
    link.refusedTables ??= new Map();
    link.refusedTables.set(number, table);
    if (link.refusedTables.size > limits.metricTablesPerDeviceMax) link.drain('too_many_bad_frames');
  }

  /** The models have changed: their tables are made again when they are next needed. */
  readonly forgetModels = (): void => {
    for (const source of this.byKey.values()) {
      source.modelName = null;
      source.modelTable = null;
    }
  };

  readonly seriesById = (id: number): Series => this.series[id];

  /** When the last frame of the device was taken in, Unix ms; 0 if none ever was. */
  readonly receivedAt = (deviceKey: number): number => this.byKey.get(deviceKey)?.receivedAt ?? 0;

  /** Times of the series that were stored before the gateway started: the newest ones. */
  readonly usedBefore = ({ id }: Series): Float64Array => {
    const { series, ts } = this.options.restored.recentTimes;
    const from = firstAtLeast(series, id);
    return ts.subarray(from, firstAtLeast(series, id + 1));
  };

  /** The clock was wrong, and now it is right: marks after this time, Unix ms, are brought back to it. */
  bringBack(now: number): void {
    for (const source of this.byKey.values()) {
      source.receivedAt = Math.min(source.receivedAt, now);
      for (const stream of source.streams) stream.usedAt = Math.min(stream.usedAt, now);
    }
  }

  /** Forgets a removed device. */
  forget(deviceKey: number): void {
    this.byKey.delete(deviceKey);
  }

  private restore({ devices, series, streams, tables, receipts }: RestoredSources): void {
    const known = new Map(devices.map((device) => [device.key, device]));
    const sourceFor = (key: number): Source | undefined => {
      const device = known.get(key);
      return device === undefined ? undefined : this.of(device);
    };
    for (const record of series) {
      this.series[record.id] = record;
      sourceFor(record.deviceKey)?.series.set(record.metric, record);
    }
    const newestFirst = streams.filter((stream) => stream.kept).sort((a, b) => b.usedAt - a.usedAt);
    for (const { id, deviceKey, name, mark, usedAt } of newestFirst) {
      const source = sourceFor(deviceKey);
      if (source === undefined || source.streams.length >= limits.streamsPerDeviceMax) continue;
      if (source.streams.some((stream) => stream.name === name)) continue;
      source.streams.push({ id, name, kept: true, mark, pending: mark, usedAt });
    }
    for (const { deviceKey, table, metrics } of tables) {
      const source = sourceFor(deviceKey);
      if (source !== undefined) keepTable(source.tables, tableOfDeclarations(table, metrics));
    }
    receipts.device.forEach((key, i) => {
      const source = sourceFor(key);
      if (source !== undefined) source.receivedAt = receipts.at[i];
    });
  }

  private declareSeries({ device }: Source, series: Series): void {
    this.options.batch().declared.series.push({ ...series, device: device.id, deviceCreatedAt: device.createdAt });
  }

  /** The columns of the device's model. Each device has its own, because columns remember its series. */
  private modelTable(source: Source): MetricTable | null {
    const { model } = source.device;
    if (source.modelName === model) return source.modelTable;
    source.modelName = model;
    const found = model === null ? undefined : this.options.models.get(model);
    source.modelTable = found === undefined ? null : tableOfModel(found);
    return source.modelTable;
  }

  /** Returns false if the number was declared before with other metrics: a numbered table never changes. */
  private keepNumbered(source: Source, table: MetricTable, metrics: MetricDeclaration[]): boolean {
    const known = source.tables.find(({ number }) => number === table.number);
    if (known !== undefined) return sameDeclarations(known, metrics);
    keepTable(source.tables, table);
    this.options.batch().declared.tables.push({ deviceKey: source.device.key, table: table.number, metrics });
    return true;
  }

  /** A unit that is declared after the first reading still reaches the series. */
  private learnUnits(source: Source, metrics: MetricDeclaration[]): void {
    for (const { name, unit } of metrics) {
      const series = source.series.get(name);
      if (series === undefined || unit === null || series.unit === unit) continue;
      series.unit = unit;
      this.declareSeries(source, series);
    }
  }
}

/** The first place of the ascending list whose value is at least this. */
function firstAtLeast(ascending: Uint32Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
