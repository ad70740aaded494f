import type { Batch } from '../../columns/batch.js';
import type { ReadingColumns } from '../../columns/readingColumns.js';

/**
 * The two blobs of a row of the commit log, little-endian, columnar.
 *
 * frames: u32 count F, then F times u32 device, u32 stream, u32 seq, u32 readings, and i32 ms from the commit to the receipt;
 *         with the highest bit of F set the last two are u16 readings and i16 ms in one word.
 * data:   u8 version, u8 bytes per time (2 or 4: offset from the base; 8: f64 ms), u8 bytes per value (4: f32; 8: f64), u8 late,
 *         u32 count N, f64 base ms, then N u32 series, N times, N values (8-byte columns start at a multiple of 8).
 *         If `late` is 1, the indexes of the late readings follow as u32, from the next multiple of 4 to the end.
 * Frame i has the next readings[i] readings. The narrow forms are used only if no bit is lost.
 */
const dataVersion = 1;

const dataHeaderBytes = 16;

const frameColumns = 5;

const narrowFrames = 0x8000_0000;

/** The frames of a row, in order of receipt. Frame i has the next `readings[i]` readings. */
export interface FrameColumns {
  count: number;
  device: Uint32Array<ArrayBuffer>;
  stream: Uint32Array<ArrayBuffer>;
  seq: Uint32Array<ArrayBuffer>;
  readings: Uint32Array<ArrayBuffer>;
  /** Unix ms. */
  receivedAt: Float64Array<ArrayBuffer>;
}

export function encodeFrames(batch: Batch, committedAt: number): Uint8Array {
  const count = batch.frames;
  const isNarrow = fitsNarrowFrames(batch, committedAt);
  const words = new Uint32Array(1 + (isNarrow ? frameColumns - 1 : frameColumns) * count);
  words[0] = isNarrow ? count + narrowFrames : count;
  words.set(batch.frameDevice.subarray(0, count), 1);
  words.set(batch.frameStream.subarray(0, count), 1 + count);
  words.set(batch.frameSeq.subarray(0, count), 1 + 2 * count);
  if (isNarrow) {
    for (let i = 0, at = 1 + 3 * count; i < count; i++, at++)
      words[at] = batch.frameReadings[i] | ((batch.frameReceivedAt[i] - committedAt) << 16);
    return bytesOf(words);
  }
  words.set(batch.frameReadings.subarray(0, count), 1 + 3 * count);
  for (let i = 0, at = 1 + 4 * count; i < count; i++, at++) words[at] = batch.frameReceivedAt[i] - committedAt;
  return bytesOf(words);
}

function fitsNarrowFrames({ frames, frameReadings, frameReceivedAt }: Batch, committedAt: number): boolean {
  for (let i = 0; i < frames; i++) {
    const ms = frameReceivedAt[i] - committedAt;
    if (frameReadings[i] > 0xffff || (ms << 16) >> 16 !== ms) return false;
  }
  return true;
}

export function decodeFrames(blob: Uint8Array, committedAt: number): FrameColumns {
  const { column, isNarrow, ...owners } = viewFrames(blob);
  const receivedAt = isNarrow
    ? Float64Array.from(column(3), (word) => committedAt + ((word | 0) >> 16))
    : Float64Array.from(column(4), (offset) => committedAt + (offset | 0));
  return { ...owners, stream: column(1), seq: column(2), receivedAt };
}

/** The device of each frame, and the number of its readings. */
export function decodeOwners(blob: Uint8Array): Pick<FrameColumns, 'count' | 'device' | 'readings'> {
  const { count, device, readings } = viewFrames(blob);
  return { count, device, readings };
}

interface FramesView extends Pick<FrameColumns, 'count' | 'device' | 'readings'> {
  isNarrow: boolean;
  column(index: number): Uint32Array<ArrayBuffer>;
}

function viewFrames(blob: Uint8Array): FramesView {
  const words = new Uint32Array(aligned(blob).buffer);
  const isNarrow = words[0] >= narrowFrames;
  const count = isNarrow ? words[0] - narrowFrames : words[0];
  const column = (index: number): Uint32Array<ArrayBuffer> =>
    words.subarray(1 + index * count, 1 + (index + 1) * count);
  const readings = isNarrow ? column(3).map((word) => word & 0xffff) : column(3);
  return { count, isNarrow, column, device: column(0), readings };
}

/** Unix ms. */
export interface TimeRange {
  min: number;
  max: number;
}

/** The lowest and highest time of the batch's readings, or null if it has none. */
export function timeRangeOf({ readings, ts }: Batch): TimeRange | null {
  if (readings === 0) return null;
  let min = ts[0];
  let max = ts[0];
  for (let i = 1; i < readings; i++) {
    if (ts[i] < min) min = ts[i];
    else if (ts[i] > max) max = ts[i];
  }
  return { min, max };
}

const noneLate = new Uint32Array(0);

export function encodeReadings(batch: Batch, range: TimeRange | null): Uint8Array {
  const count = batch.readings;
  const base = range?.min ?? 0;
  const timeBytes = timeBytesOf(range);
  const valueBytes = fitsFloat32(batch.value, count) ? 4 : 8;
  const seriesEnd = dataHeaderBytes + 4 * count;
  const timeStart = alignedTo(seriesEnd, timeBytes);
  const valueStart = alignedTo(timeStart + timeBytes * count, valueBytes);
  const valueEnd = valueStart + valueBytes * count;
  const late = batch.late ?? noneLate;
  const memory = new ArrayBuffer(late.length === 0 ? valueEnd : alignedTo(valueEnd, 4) + 4 * late.length);
  const header = new DataView(memory);
  header.setUint8(0, dataVersion);
  header.setUint8(1, timeBytes);
  header.setUint8(2, valueBytes);
  if (late.length > 0) {
    header.setUint8(3, 1);
    new Uint32Array(memory, alignedTo(valueEnd, 4)).set(late);
  }
  header.setUint32(4, count, true);
  header.setFloat64(8, base, true);
  new Uint32Array(memory, dataHeaderBytes, count).set(batch.series.subarray(0, count));
  if (timeBytes === 8) new Float64Array(memory, timeStart, count).set(batch.ts.subarray(0, count));
  else if (timeBytes === 4) writeOffsets(new Uint32Array(memory, timeStart, count), batch.ts, base);
  else writeOffsets(new Uint16Array(memory, timeStart, count), batch.ts, base);
  if (valueBytes === 8) new Float64Array(memory, valueStart, count).set(batch.value.subarray(0, count));
  else new Float32Array(memory, valueStart, count).set(batch.value.subarray(0, count));
  return new Uint8Array(memory);
}

function timeBytesOf(range: TimeRange | null): 2 | 4 | 8 {
  const width = range === null ? 0 : range.max - range.min;
  return width <= 0xffff ? 2 : width <= 0xffff_ffff ? 4 : 8;
}

function writeOffsets(out: Uint16Array | Uint32Array, ts: Float64Array, base: number): void {
  for (let i = 0; i < out.length; i++) out[i] = ts[i] - base;
}

function fitsFloat32(value: Float64Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (Math.fround(value[i]) !== value[i]) return false;
  return true;
}

/** The strings of a row. They are stored beside the data blob as a JSON array, or as NULL if there are none. */
export function stringsOf(text: string | null): string[] {
  return text === null ? [] : JSON.parse(text);
}

/** A row's readings in the memory of its blob. A time is `base` plus its entry in `times`. */
export interface ReadingsView {
  count: number;
  /** Unix ms. */
  base: number;
  series: Uint32Array<ArrayBuffer>;
  times: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
  /** The value of a string is its index in the strings of the row. */
  values: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
  /** See ReadingColumns. */
  late?: Uint32Array<ArrayBuffer>;
}

/** Throws for a blob of a version that this program does not know. */
export function viewReadings(blob: Uint8Array): ReadingsView {
  const memory = aligned(blob).buffer;
  const header = new DataView(memory);
  if (header.getUint8(0) !== dataVersion) throw new Error(`log row of version ${header.getUint8(0)}`);
  const timeBytes = header.getUint8(1);
  const valueBytes = header.getUint8(2);
  const count = header.getUint32(4, true);
  const timeStart = alignedTo(dataHeaderBytes + 4 * count, timeBytes);
  const valueStart = alignedTo(timeStart + timeBytes * count, valueBytes);
  const Times = timeBytes === 8 ? Float64Array : timeBytes === 4 ? Uint32Array : Uint16Array;
  const Values = valueBytes === 8 ? Float64Array : Float32Array;
  return {
    count,
    base: timeBytes === 8 ? 0 : header.getFloat64(8, true),
    series: new Uint32Array(memory, dataHeaderBytes, count),
    times: new Times(memory, timeStart, count),
    values: new Values(memory, valueStart, count),
    ...(header.getUint8(3) === 1 && { late: new Uint32Array(memory, alignedTo(valueStart + valueBytes * count, 4)) }),
  };
}

/** A row's readings without the strings, which are in another column. */
export function decodeReadings(blob: Uint8Array): ReadingColumns {
  const { count, base, series, times, values, late } = viewReadings(blob);
  return {
    readings: count,
    strings: [],
    series,
    ts: times instanceof Float64Array ? times : readOffsets(times, base),
    value: values instanceof Float64Array ? values : Float64Array.from(values),
    ...(late !== undefined && { late }),
  };
}

function readOffsets(offsets: Uint16Array | Uint32Array, base: number): Float64Array<ArrayBuffer> {
  const ts = new Float64Array(offsets.length);
  for (let i = 0; i < ts.length; i++) ts[i] = base + offsets[i];
  return ts;
}

const alignedTo = (at: number, bytes: number): number => (at + bytes - 1) & ~(bytes - 1);

const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** SQLite returns blobs at any address, and typed arrays need an aligned one. */
function aligned(blob: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = blob;
  if (byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer)
    return new Uint8Array(buffer);
  return new Uint8Array(blob);
}
