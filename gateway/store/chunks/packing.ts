import { crc32 } from 'node:zlib';

/**
 * What the packed forms of readings (chunk.ts) and of aggregates (bucketChunk.ts) share: unsigned little-endian integers of 0 (all are
 * zero), 1, 2, 3, 4 or 6 bytes, numbers as decimals or raw floats, and checksums. They are written to and read from one memory, because
 * a thread makes or reads one chunk at a time.
 */

/** A byte of the chunk was changed after it was written, or its checksum was. */
export class DamagedChunkError extends Error {
  readonly code = 'CHUNK_DAMAGED';
  constructor(
    readonly series: number,
    readonly t0: number,
  ) {
    super(`a chunk of series ${series} is damaged: its checksum does not match`);
  }
}

/** The forms of values other than decimals. */
export const form = { text: -1, boolean: -2, float32: -4, float64: -8 } as const;

/** 10^k, exact. */
export const powersOfTen = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;

/** Room for the columns of a row, as f64 before the bytes of b, so that the checksum covers both. */
export const headBytes = 256;

/** Not zero, so that a page of zeros does not match its checksum. */
const crcSeed = 0x7469_6465;

/** The memory. It grows with the longest chunk, so it must be read from here after `reserve`. */
export let memory = new Uint8Array(32_768);

let head = new Float64Array(memory.buffer, 0, headBytes / 8);

/** Makes room for so many bytes of b. What the memory held is lost. */
export function reserve(size: number): void {
  if (memory.length >= headBytes + size) return;
  memory = new Uint8Array(headBytes + 2 * size);
  head = new Float64Array(memory.buffer, 0, headBytes / 8);
}

/** The CRC-32 (as in zlib) of the row's first columns, as f64 (NaN for null), and of the bytes of b, which are in the memory up to `end`. */
export function checksum(row: readonly unknown[], columns: number, end: number): number {
  const first = head.length - columns;
  for (let i = 0; i < columns; i++) head[first + i] = (row[i] as number | null) ?? Number.NaN;
  return crc32(memory.subarray(8 * first, end), crcSeed);
}

/** Brings b into the memory. Throws DamagedChunkError if the row does not have this checksum. */
export function load(row: readonly unknown[], columns: number, b: Uint8Array): void {
  reserve(b.length);
  memory.set(b, headBytes);
  if (checksum(row, columns, headBytes + b.length) !== row[columns])
    throw new DamagedChunkError(Number(row[0]), Number(row[1]));
}

export function widthOf(range: number): number {
  if (range < 0x100) return range === 0 ? 0 : 1;
  if (range < 0x1_0000) return 2;
  if (range < 0x100_0000) return 3;
  return range < 0x1_0000_0000 ? 4 : 6;
}

/** Writes integers to the memory from byte o on, and returns the byte behind them. */
export function putIntegers(from: Float64Array, n: number, width: number, o: number): number {
  const bytes = memory;
  let to = o;
  if (width === 1) for (let i = 0; i < n; i++) bytes[to++] = from[i];
  else if (width === 2)
    for (let i = 0; i < n; i++) {
      const x = from[i];
      bytes[to] = x;
      bytes[to + 1] = x >> 8;
      to += 2;
    }
  else if (width === 3)
    for (let i = 0; i < n; i++) {
      const x = from[i];
      bytes[to] = x;
      bytes[to + 1] = x >> 8;
      bytes[to + 2] = x >> 16;
      to += 3;
    }
  else if (width > 0)
    for (let i = 0; i < n; i++) {
      const x = from[i];
      const low = x % 0x1_0000_0000;
      bytes[to] = low;
      bytes[to + 1] = low >>> 8;
      bytes[to + 2] = low >>> 16;
      bytes[to + 3] = low >>> 24;
      if (width === 6) {
        const high = (x - low) / 0x1_0000_0000;
        bytes[to + 4] = high;
        bytes[to + 5] = high >>> 8;
      }
      to += width;
    }
  return to;
}

/** Reads n integers from byte `start` of the memory on. */
export function readIntegers(into: Float64Array, to: number, n: number, width: number, start: number): void {
  const bytes = memory;
  let o = start;
  switch (width) {
    case 0:
      into.fill(0, to, to + n);
      break;
    case 1:
      for (let i = 0; i < n; i++) into[to + i] = bytes[o + i];
      break;
    case 2:
      for (let i = 0; i < n; i++, o += 2) into[to + i] = bytes[o] | (bytes[o + 1] << 8);
      break;
    case 3:
      for (let i = 0; i < n; i++, o += 3) into[to + i] = bytes[o] | (bytes[o + 1] << 8) | (bytes[o + 2] << 16);
      break;
    default:
      for (let i = 0; i < n; i++, o += width) {
        const low = (bytes[o] | (bytes[o + 1] << 8) | (bytes[o + 2] << 16) | (bytes[o + 3] << 24)) >>> 0;
        into[to + i] = width === 4 ? low : low + (bytes[o + 4] | (bytes[o + 5] << 8)) * 0x1_0000_0000;
      }
  }
}

/**
 * The most bytes of b, if it has more than one value: a row of some 4,080 bytes is the largest that SQLite keeps within a page of 16 KiB,
 * and the rest of a larger one takes a whole page of its own.
 */
export const rowBytesMax = 3_900;

/** The largest number of values in one chunk. */
export const valuesMax = 512;

const integers = new Float64Array(4 * valuesMax);

/** How `packValues` packed the last values. */
export const packed = { k: 0, vw: 0, vmin: 0 };

/**
 * Writes numbers [from, from + n) to the memory from byte o on, as decimals (vmin + w) / 10^k if each comes back bit for bit, else as
 * raw floats. `hint` is the k that is tried first. Returns the byte behind them, and sets `packed`.
 */
export function packValues(value: Float64Array, from: number, n: number, hint: number, o: number): number {
  const k = decimalsOf(value, from, n, hint);
  const vw = k < 0 ? 8 : widthOf(highest - lowest);
  const isNarrow = vw > 4 && fitsFloat32(value, from, n);
  if (k >= 0 && !isNarrow) {
    for (let i = 0; i < n; i++) integers[i] -= lowest;
    [packed.k, packed.vw, packed.vmin] = [k, vw, lowest];
    return putIntegers(integers, n, vw, o);
  }
  [packed.k, packed.vw, packed.vmin] = isNarrow ? [form.float32, 4, 0] : [form.float64, 8, 0];
  const view = new DataView(memory.buffer);
  for (let i = 0, to = o; i < n; i++, to += packed.vw)
    if (isNarrow) view.setFloat32(to, value[from + i], true);
    else view.setFloat64(to, value[from + i], true);
  return o + n * packed.vw;
}

/** Reads n numbers or booleans from byte `start` of the memory on. */
export function readValues(
  into: Float64Array,
  to: number,
  n: number,
  { k, vw, vmin }: { k: number; vw: number; vmin: number },
  start: number,
): void {
  if (k === form.float32 || k === form.float64) {
    const view = new DataView(memory.buffer);
    for (let i = 0, o = start; i < n; i++, o += vw)
      into[to + i] = k === form.float32 ? view.getFloat32(o, true) : view.getFloat64(o, true);
    return;
  }
  readIntegers(into, to, n, vw, start);
  const power = k > 0 ? powersOfTen[k] : 1;
  for (let i = to; i < to + n; i++) into[i] = (vmin + into[i]) / power;
}

let [lowest, highest] = [0, 0];

/** The least k at which all values come back bit for bit from `integers`, with `lowest` and `highest` of them, or -1. */
function decimalsOf(value: Float64Array, from: number, n: number, hint: number): number {
  let k = hint >= 0 && fitsDecimals(value, from, n, hint) ? hint : -1;
  for (let other = 0; k < 0 && other < powersOfTen.length; other++)
    if (other !== hint && fitsDecimals(value, from, n, other)) k = other;
  while (k > 0 && allEndInZero(n)) {
    for (let i = 0; i < n; i++) integers[i] /= 10;
    lowest /= 10;
    highest /= 10;
    k--;
  }
  return k;
}

const widthMax = 2 ** 48;

function fitsDecimals(value: Float64Array, from: number, n: number, k: number): boolean {
  const power = powersOfTen[k];
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const x = value[from + i];
    const integer = Math.round(x * power);
    if (integer / power !== x || (x === 0 && 1 / x < 0)) return false;
    integers[i] = integer;
    if (integer < low) low = integer;
    if (integer > high) high = integer;
  }
  if (low < -Number.MAX_SAFE_INTEGER || high > Number.MAX_SAFE_INTEGER || high - low >= widthMax) return false;
  // Math.round gives -0 for small negative numbers, which must not be stored.
  lowest = low + 0;
  highest = high + 0;
  return true;
}

function allEndInZero(n: number): boolean {
  for (let i = 0; i < n; i++) if (integers[i] % 10 !== 0) return false;
  return true;
}

/** An infinite sum does not fit, because plain SQL makes it of an f64's exponent only. */
function fitsFloat32(value: Float64Array, from: number, n: number): boolean {
  for (let i = from; i < from + n; i++)
    if (Math.fround(value[i]) !== value[i] || !Number.isFinite(value[i])) return false;
  return true;
}

const encoder = new TextEncoder();

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The most bytes that a dictionary takes. */
export const dictionaryBytesMax = (texts: Iterable<string>): number => {
  let bytes = 0;
  // UTF-8 takes at most three bytes for each UTF-16 unit.
  for (const text of texts) bytes += 4 + 3 * text.length;
  return bytes;
};

/** Writes a dictionary from byte o on: for each string the u32 offset at which it ends, then the UTF-8 of all. Returns the byte behind it. */
export function putDictionary(texts: Iterable<string>, count: number, o: number): number {
  const view = new DataView(memory.buffer);
  const first = o + 4 * count;
  let [entry, end] = [o, first];
  for (const text of texts) {
    end += encoder.encodeInto(text, memory.subarray(end)).written;
    view.setUint32(entry, end - first, true);
    entry += 4;
  }
  return end;
}

export function readDictionary(count: number, start: number): string[] {
  const view = new DataView(memory.buffer);
  const first = start + 4 * count;
  const texts: string[] = [];
  for (let i = 0, from = first; i < count; i++) {
    const to = first + view.getUint32(start + 4 * i, true);
    texts.push(decoder.decode(memory.subarray(from, to)));
    from = to;
  }
  return texts;
}
