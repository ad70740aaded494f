import { deserialize, serialize } from 'node:v8';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { Fold } from '../threads/calls.js';

/** Rows folded in one go: a commit waits for no more than this. */
const foldRowsMax = 2_000;

/**
 * The fold in parts small enough to go between two commits, as bytes: the main thread passes them from the archiver to the
 * writer, and half a million new series as objects would hold it up for a second.
 */
export const foldParts = (fold: Fold, isString: (series: number) => boolean): Uint8Array<ArrayBuffer>[] =>
  Array.from(slicesOf(fold, isString), (slice) => new Uint8Array(serialize({ ...emptyFold(), ...slice })));

export const foldOfPart = (part: Uint8Array): Fold => deserialize(part) as Fold;

/**
 * Series go first, since newest values refer to them, and marks before new streams, since a device's 16 streams are those used
 * last.
 */
function* slicesOf(fold: Fold, isString: (series: number) => boolean): Generator<Partial<Fold>> {
  const { series, streams, tables, latest, marks, receipts } = fold;
  for (const [from, to] of spans(series.length)) yield { series: series.slice(from, to) };
  for (const span of spans(marks.stream.length)) yield { marks: sliceColumns(marks, span) };
  for (const [from, to] of spans(streams.length)) yield { streams: streams.slice(from, to) };
  for (const [from, to] of spans(tables.length)) yield { tables: tables.slice(from, to) };
  for (const span of spans(receipts.device.length)) yield { receipts: sliceColumns(receipts, span) };
  for (const span of spans(latest.readings)) yield { latest: latestSlice(latest, span, isString) };
}

/** With the strings that it refers to, and no others. */
function latestSlice(
  { series, ts, value, strings }: ReadingColumns,
  span: [number, number],
  isString: (series: number) => boolean,
): ReadingColumns {
  const slice = { readings: span[1] - span[0], strings: [] as string[], ...sliceColumns({ series, ts, value }, span) };
  for (let i = 0; strings.length > 0 && i < slice.readings; i++)
    if (isString(slice.series[i])) slice.value[i] = slice.strings.push(strings[slice.value[i]]) - 1;
  return slice;
}

function sliceColumns<Columns extends Record<string, Uint32Array | Float64Array>>(
  columns: Columns,
  [from, to]: [number, number],
): Columns {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.slice(from, to)])) as Columns;
}

function* spans(count: number): Generator<[number, number]> {
  for (let from = 0; from < count; from += foldRowsMax) yield [from, Math.min(count, from + foldRowsMax)];
}

export const emptyFold = (): Fold => ({
  series: [],
  streams: [],
  tables: [],
  latest: { readings: 0, series: new Uint32Array(), ts: new Float64Array(), value: new Float64Array(), strings: [] },
  marks: { stream: new Uint32Array(), mark: new Uint32Array(), usedAt: new Float64Array() },
  receipts: { device: new Uint32Array(), at: new Float64Array() },
});
