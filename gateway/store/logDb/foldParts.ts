import { deserialize, serialize } from 'node:v8';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import { emptyFold, type Fold } from './fold.js';

/** The number of rows that one part folds. A commit waits for at most one part. */
const foldRowsMax = 2_000;

/**
 * The fold in parts small enough to run between two commits, as bytes. The main thread passes them from the archiver to the
 * writer, and half a million new series as objects would block it for a second.
 */
export function foldParts(fold: Fold, isString: (series: number) => boolean): Uint8Array<ArrayBuffer>[] {
  const { position, committedAt } = fold;
  return Array.from(
    slicesOf(fold, isString),
    (slice) => new Uint8Array(serialize({ ...emptyFold(), position, committedAt, ...slice })),
  );
}

export const foldOfPart = (part: Uint8Array): Fold => deserialize(part) as Fold;

/**
 * Series come first, because latest values refer to them. Marks come before new streams, because only the 16 last used streams of a
 * device are kept.
 */
function* slicesOf(fold: Fold, isString: (series: number) => boolean): Generator<Partial<Fold>> {
  const { series, streams, tables, latest, marks, receipts } = fold;
  for (const [from, to] of spans(series.length)) yield { series: series.slice(from, to) };
  for (const span of spans(marks.stream.length)) yield { marks: marksSlice(marks, span) };
  for (const [from, to] of spans(streams.length)) yield { streams: streams.slice(from, to) };
  for (const [from, to] of spans(tables.length)) yield { tables: tables.slice(from, to) };
  for (const span of spans(receipts.device.length)) yield { receipts: receiptsSlice(receipts, span) };
  for (const span of spans(latest.readings)) yield { latest: latestSlice(latest, span, isString) };
}

/** A part of the latest values, with only the strings that it refers to. */
function latestSlice(
  { series, ts, value, strings }: ReadingColumns,
  span: [number, number],
  isString: (series: number) => boolean,
): ReadingColumns {
  const slice: ReadingColumns = {
    readings: span[1] - span[0],
    strings: [],
    series: series.slice(...span),
    ts: ts.slice(...span),
    value: value.slice(...span),
  };
  for (let i = 0; strings.length > 0 && i < slice.readings; i++)
    if (isString(slice.series[i])) slice.value[i] = slice.strings.push(strings[slice.value[i]]) - 1;
  return slice;
}

const marksSlice = ({ stream, mark, usedAt }: Fold['marks'], span: [number, number]): Fold['marks'] => ({
  stream: stream.slice(...span),
  mark: mark.slice(...span),
  usedAt: usedAt.slice(...span),
});

const receiptsSlice = ({ device, at }: Fold['receipts'], span: [number, number]): Fold['receipts'] => ({
  device: device.slice(...span),
  at: at.slice(...span),
});

function* spans(count: number): Generator<[number, number]> {
  for (let from = 0; from < count; from += foldRowsMax) yield [from, Math.min(count, from + foldRowsMax)];
}
