import { shortestFloat32 } from '../../schemas/frame/float32.js';
import type { FrameBuffer } from '../../schemas/frame/frameBuffer.js';
import { valueKinds } from '../../schemas/frame/layout.js';
import { type TelemetryHeader, timeAt, valueAt } from '../../schemas/frame/telemetry.js';
import type { Fault } from '../../schemas/tables/faults.js';
import type { Batch } from '../columns/batch.js';
import { reserveReadings } from '../columns/readingColumns.js';
import { type SeriesKind, seriesKinds } from '../domain/series.js';
import { keepApart, type TimesByMetric } from './ages.js';
import type { Column, MetricTable } from './metricTable.js';
import {
  checkSeriesCount,
  checkTime,
  type FrameTimes,
  fault,
  outOfRange,
  type SeriesRules,
  type Taken,
} from './rules.js';
import type { Source } from './source.js';

/** The column of each metric of the frame at hand. It is used again for each frame, so that none allocates. */
const columnOf: Column[] = [];

/**
 * Takes a binary telemetry frame into the batch, whole or not at all: everything is checked first, and what is written after
 * that cannot fail. The frame has passed `checkTelemetry`; `table` is the metric table that its header names. Its ages are kept
 * apart from the other times that the gateway made up.
 */
export function takeBinary(
  source: Source,
  table: MetricTable | null,
  buffer: FrameBuffer,
  header: TelemetryHeader,
  times: FrameTimes,
  rules: SeriesRules,
  batch: Batch,
): Taken {
  if (table === null) return fault('metric_unknown', tableUnknown(header.table));
  for (let c = 0; c < header.columns; c++) {
    const number = buffer.u16[header.metricsAt + c];
    const column = table.columns[number];
    if (column === undefined)
      return fault('metric_unknown', `metric ${number} of table ${header.table} was never declared`);
    columnOf[c] = column;
  }
  let first = timeAt(buffer, header, 0, times.receivedAt) - buffer.u32[header.rowsAt];
  const problem = checkTimes(buffer, header, first, times) ?? checkColumns(source, buffer, header, rules);
  if (problem !== null) return problem;
  if (header.base <= 0 && times.madeUpMax !== null) {
    const made = agesOf(buffer, header, first);
    const delay = keepApart(source, made, null, times, rules);
    if (delay === null) return 'crowded';
    first += delay;
    if (made.size > 0) times.madeUpLast = first + lastOffset(buffer, header);
  }
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

/**
 * The value of a reading: the shortest decimal of an f32, times the scale. A scale of 0.01 divides by 100 instead, which gives the number
 * nearest to the exact product: 0.35 of 35, and not 0.35000000000000003.
 */
function scaled(sent: number, kind: number, scale: number): number {
  const value = kind === valueKinds.f32 ? shortestFloat32(sent) : sent;
  if (scale === 1) return value;
  const divisor = Math.round(1 / scale);
  return scale < 1 && 1 / divisor === scale ? value / divisor : value * scale;
}

function agesOf(buffer: FrameBuffer, header: TelemetryHeader, first: number): TimesByMetric {
  const ages = new Map<string, number[]>();
  for (let c = 0; c < header.columns; c++) {
    const times: number[] = [];
    for (let row = 0, at = header.rowsAt; row < header.rows; row++, at += header.rowWords)
      if (!Number.isNaN(valueAt(buffer, header, row, c))) times.push(first + buffer.u32[at]);
    if (times.length > 0) ages.set(columnOf[c].name, times);
  }
  return ages;
}

function tableUnknown(number: number): string {
  return number === 0
    ? 'metric table 0 is unknown: declare metrics on this link, or give the device a model'
    : `metric table ${number} was never declared`;
}

function checkTimes(buffer: FrameBuffer, header: TelemetryHeader, first: number, times: FrameTimes): Fault | null {
  const { u32 } = buffer;
  const { rows, rowsAt, rowWords } = header;
  let low = u32[rowsAt];
  for (let row = 1, at = rowsAt + rowWords; row < rows; row++, at += rowWords) if (u32[at] < low) low = u32[at];
  return checkTime(first + low, times) ?? checkTime(first + lastOffset(buffer, header), times);
}

/** The offset of the latest row. */
function lastOffset({ u32 }: FrameBuffer, { rows, rowsAt, rowWords }: TelemetryHeader): number {
  let high = u32[rowsAt];
  for (let row = 1, at = rowsAt + rowWords; row < rows; row++, at += rowWords) if (u32[at] > high) high = u32[at];
  return high;
}

/** Checks kinds, ranges, scales and the number of series. Values are read only for columns with a range or a scale. */
function checkColumns(source: Source, buffer: FrameBuffer, header: TelemetryHeader, rules: SeriesRules): Fault | null {
  let fresh = 0;
  for (let c = 0; c < header.columns; c++) {
    const column = columnOf[c];
    const series = column.series ?? source.series.get(column.name);
    const kind = series?.kind ?? column.kind ?? seriesKinds.number;
    if (kind !== seriesKinds.number) return fault('value_invalid', `${column.name} must not be a number`);
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
  rules: SeriesRules,
): Fault | null {
  let outside = 0;
  for (let row = 0; row < header.rows; row++) {
    const value = scaled(valueAt(buffer, header, row, c), header.kind, column.scale);
    if (Math.abs(value) === Number.POSITIVE_INFINITY)
      return fault('value_invalid', `${column.name} is too large with its scale, in row ${row}`);
    if (column.range !== null && (value < column.range.min || value > column.range.max)) {
      if (column.range.refuse)
        return fault('value_out_of_range', `${outOfRange(column.name, value, column.range)}, in row ${row}`);
      outside++;
    }
  }
  if (outside > 0) rules.outOfRange(outside);
  return null;
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
    batch.value[n] = shortestFloat32(value);
    n++;
  }
  batch.readings = n;
}

function writeRows(
  source: Source,
  buffer: FrameBuffer,
  header: TelemetryHeader,
  first: number,
  rules: SeriesRules,
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
      batch.value[n] = scaled(value, header.kind, column.scale);
      n++;
    }
  }
  batch.readings = n;
}

function makeSeries(source: Source, column: Column, kind: SeriesKind, rules: SeriesRules): void {
  rules.createSeries(source, column.name, column.unit, kind);
  column.series = source.series.get(column.name) ?? null;
}
