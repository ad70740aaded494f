import type { Fault } from '../../schemas/faults.js';
import type { FrameBuffer } from '../../schemas/frame/frameBuffer.js';
import { valueKinds } from '../../schemas/frame/layout.js';
import { type TelemetryHeader, timeAt, valueAt } from '../../schemas/frame/telemetry.js';
import type { TelemetryMessage } from '../../schemas/generated/device.js';
import { limits } from '../../schemas/limits.js';
import { pointerToken } from '../../schemas/upMessage.js';
import type { Batch } from '../store/calls.js';
import { type Scalar, type SeriesKind, seriesKinds } from '../types.js';
import { reserveReadings } from './batch.js';
import type { Column, MetricTable, Source } from './source.js';

/**
 * Takes a decoded telemetry frame into the batch, whole or not at all: everything is checked first, and what is written
 * after that cannot fail.
 */
export interface Rules {
  /** Times are Unix ms; readings outside are refused. */
  timeMin: number;
  timeMax: number;
  seriesMax: number;
  /** The series for a first reading. */
  createSeries(source: Source, metric: string, unit: string | null, kind: SeriesKind): number;
  outOfRange(count: number): void;
}

const fault = (code: Fault['code'], message: string, path?: string): Fault =>
  path === undefined ? { code, message } : { code, message, path };

const columnOf: Column[] = [];

/** A binary frame that has passed `checkTelemetry`; `table` is the one that its header names. */
export function takeBinary(
  source: Source,
  table: MetricTable | null,
  buffer: FrameBuffer,
  header: TelemetryHeader,
  receivedAt: number,
  rules: Rules,
  batch: Batch,
): Fault | null {
  if (table === null) return fault('metric_unknown', tableUnknown(header.table));
  for (let c = 0; c < header.columns; c++) {
    const number = buffer.u16[header.metricsAt + c];
    const column = table.columns[number];
    if (column === undefined)
      return fault('metric_unknown', `metric ${number} of table ${header.table} was never declared`);
    columnOf[c] = column;
  }
  const first = header.base > 0 ? header.base : timeAt(buffer, header, 0, receivedAt) - buffer.u32[header.rowsAt];
  const problem = checkTimes(buffer, header, first, rules) ?? checkColumns(source, buffer, header, rules);
  if (problem !== null) return problem;
  reserveReadings(batch, header.rows * header.columns);
  for (let c = 0; c < header.columns; c++) columnOf[c].series ??= source.series.get(columnOf[c].name) ?? null;
  if (
    header.kind === valueKinds.f32 &&
    header.columns === 1 &&
    columnOf[0].series !== null &&
    columnOf[0].scale === 1
  ) {
    writeFloats(buffer, header, first, columnOf[0].series.id, batch);
  } else writeRows(source, buffer, header, first, rules, batch);
  return null;
}

function tableUnknown(number: number): string {
  return number === 0
    ? 'metric table 0 is unknown: declare metrics on this link, or give the device a model'
    : `metric table ${number} was never declared`;
}

function checkTimes(
  { u32 }: FrameBuffer,
  { rows, rowsAt, rowWords }: TelemetryHeader,
  first: number,
  rules: Rules,
): Fault | null {
  let low = u32[rowsAt];
  let high = low;
  for (let row = 1, at = rowsAt + rowWords; row < rows; row++, at += rowWords) {
    const offset = u32[at];
    if (offset < low) low = offset;
    else if (offset > high) high = offset;
  }
  return checkTime(first + low, rules) ?? checkTime(first + high, rules);
}

function checkTime(ts: number, { timeMin, timeMax }: Rules, path?: string): Fault | null {
  if (ts > timeMax) return fault('time_in_future', `${ts} is more than 5 minutes ahead of the gateway`, path);
  if (ts < timeMin) return fault('time_too_old', `${ts} is older than the retention`, path);
  return null;
}

/** Kinds, ranges, scales and the number of series: whatever needs a look at the values only where a column asks for it. */
function checkColumns(source: Source, buffer: FrameBuffer, header: TelemetryHeader, rules: Rules): Fault | null {
  let fresh = 0;
  for (let c = 0; c < header.columns; c++) {
    const column = columnOf[c];
    const series = column.series ?? source.series.get(column.name);
    const kind = series?.kind ?? column.kind ?? seriesKinds.number;
    if (kind !== seriesKinds.number) return fault('value_invalid', `${column.name} is not a number`);
    if (series === undefined) fresh++;
    if (column.range === null && column.scale === 1) continue;
    const problem = checkColumn(column, c, buffer, header, rules);
    if (problem !== null) return problem;
  }
  return fresh > 0 ? checkSeriesCount(source, fresh, rules) : null;
}

function checkColumn(
  column: Column,
  c: number,
  buffer: FrameBuffer,
  header: TelemetryHeader,
  rules: Rules,
): Fault | null {
  let outside = 0;
  for (let row = 0; row < header.rows; row++) {
    const value = valueAt(buffer, header, row, c) * column.scale;
    if (Math.abs(value) === Number.POSITIVE_INFINITY)
      return fault('value_invalid', `column ${c}, row ${row} overflows by its scale`);
    if (column.range !== null && (value < column.range.min || value > column.range.max)) {
      if (column.range.refuse) return fault('value_out_of_range', `${column.name} ${value}, row ${row}`);
      outside++;
    }
  }
  if (outside > 0) rules.outOfRange(outside);
  return null;
}

function checkSeriesCount(source: Source, fresh: number, { seriesMax }: Rules): Fault | null {
  if (source.series.size + fresh <= seriesMax) return null;
  return fault('too_many_series', `the device has ${source.series.size} metrics; ${seriesMax} are allowed`);
}

function writeFloats(
  { u32, f32 }: FrameBuffer,
  header: TelemetryHeader,
  first: number,
  series: number,
  batch: Batch,
): void {
  const { rows, rowsAt, rowWords } = header;
  let n = batch.readings;
  for (let row = 0, at = rowsAt; row < rows; row++, at += rowWords) {
    const value = f32[at + 1];
    if (Number.isNaN(value)) continue;
    batch.series[n] = series;
    batch.ts[n] = first + u32[at];
    batch.value[n] = value;
    n++;
  }
  batch.readings = n;
}

function writeRows(
  source: Source,
  buffer: FrameBuffer,
  header: TelemetryHeader,
  first: number,
  rules: Rules,
  batch: Batch,
): void {
  const { columns, rows, rowsAt, rowWords } = header;
  let n = batch.readings;
  for (let row = 0, at = rowsAt; row < rows; row++, at += rowWords) {
    const ts = first + buffer.u32[at];
    for (let c = 0; c < columns; c++) {
      const value = valueAt(buffer, header, row, c);
      if (Number.isNaN(value)) continue;
      const column = columnOf[c];
      if (column.series === null) makeSeries(source, column, seriesKinds.number, rules);
      batch.series[n] = column.series!.id;
      batch.ts[n] = ts;
      batch.value[n] = value * column.scale;
      n++;
    }
  }
  batch.readings = n;
}

function makeSeries(source: Source, column: Column, kind: SeriesKind, rules: Rules): void {
  rules.createSeries(source, column.name, column.unit, kind);
  column.series = source.series.get(column.name) ?? null;
}

/** A JSON message of the right form; `columnByName` knows what was declared of a metric, if anything. */
export function takeJson(
  source: Source,
  columnByName: (metric: string) => Column | undefined,
  message: TelemetryMessage,
  receivedAt: number,
  rules: Rules,
  batch: Batch,
): Fault | null {
  const samples = message.samples ?? [message as { ts?: number; values: Record<string, Scalar | null> }];
  const problem = checkSamples(
    source,
    columnByName,
    samples,
    message.samples === undefined ? '' : '/samples',
    receivedAt,
    rules,
  );
  if (problem !== null) return problem;
  for (const { ts, values } of samples) {
    const time = resolveTime(ts, receivedAt);
    for (const metric in values) {
      const value = values[metric] as Scalar | null;
      if (value === null) continue;
      const kind = kindOf(value);
      const id =
        source.series.get(metric)?.id ?? rules.createSeries(source, metric, columnByName(metric)?.unit ?? null, kind);
      reserveReadings(batch, 1);
      batch.series[batch.readings] = id;
      batch.ts[batch.readings] = time;
      batch.value[batch.readings] =
        kind === seriesKinds.string ? batch.strings.push(value as string) - 1 : Number(value);
      batch.readings++;
    }
  }
  return null;
}

type Samples = { ts?: number; values: Record<string, unknown> }[];

function checkSamples(
  source: Source,
  columnByName: (metric: string) => Column | undefined,
  samples: Samples,
  root: string,
  receivedAt: number,
  rules: Rules,
): Fault | null {
  const fresh = new Map<string, SeriesKind>();
  let outside = 0;
  for (let i = 0; i < samples.length; i++) {
    const { ts, values } = samples[i];
    const at = root === '' ? '' : `${root}/${i}`;
    const time = checkTime(resolveTime(ts, receivedAt), rules, `${at}/ts`);
    if (time !== null) return time;
    for (const metric in values) {
      const value = values[metric] as Scalar | null;
      if (value === null) continue;
      const column = columnByName(metric);
      const kind = source.series.get(metric)?.kind ?? fresh.get(metric) ?? column?.kind ?? kindOf(value);
      if (kindOf(value) !== kind)
        return fault(
          'value_invalid',
          `${metric} is a ${kindNames[kind]} so far`,
          `${at}/values/${pointerToken(metric)}`,
        );
      if (!source.series.has(metric)) fresh.set(metric, kind);
      if (
        column?.range != null &&
        typeof value === 'number' &&
        (value < column.range.min || value > column.range.max)
      ) {
        if (column.range.refuse)
          return fault('value_out_of_range', `${metric} ${value}`, `${at}/values/${pointerToken(metric)}`);
        outside++;
      }
    }
  }
  if (outside > 0) rules.outOfRange(outside);
  return (
    (fresh.size > 0 ? checkSeriesCount(source, fresh.size, rules) : null) ?? checkTimesDiffer(samples, root, receivedAt)
  );
}

const kindNames = ['number', 'string', 'boolean'] as const;

function kindOf(value: Scalar): SeriesKind {
  if (typeof value === 'number') return seriesKinds.number;
  return typeof value === 'string' ? seriesKinds.string : seriesKinds.boolean;
}

/** Unix ms of a sample: above 0 as it is, at most 0 an age, absent the time of receipt. */
function resolveTime(ts: number | undefined, receivedAt: number): number {
  if (ts === undefined) return receivedAt;
  return ts > 0 ? ts : receivedAt + ts;
}

function checkTimesDiffer(samples: Samples, root: string, receivedAt: number): Fault | null {
  let ascending = true;
  for (let i = 1; i < samples.length && ascending; i++) {
    ascending = resolveTime(samples[i].ts, receivedAt) > resolveTime(samples[i - 1].ts, receivedAt);
  }
  if (ascending) return null;
  const seen = new Set<string>();
  for (let i = 0; i < samples.length; i++) {
    const ts = resolveTime(samples[i].ts, receivedAt);
    for (const [metric, value] of Object.entries(samples[i].values)) {
      if (value === null) continue;
      const identity = `${ts} ${metric}`;
      if (seen.has(identity))
        return fault('schema_invalid', `${metric} twice at ${ts}`, `${root}/${i}/values/${pointerToken(metric)}`);
      seen.add(identity);
    }
  }
  return null;
}

/** The bounds for times at this moment. */
export function timeBounds(now: number, retentionMs: number): { timeMin: number; timeMax: number } {
  return { timeMin: now - retentionMs, timeMax: now + limits.timeAheadMaxMs };
}
