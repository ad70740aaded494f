import type { FaultCode } from '../tables/faults.js';
import type { FrameBuffer } from './frameBuffer.js';
import { frameTypes, frameVersion, rowBytes, rowsOffset, telemetryHeaderBytes, valueKinds } from './layout.js';

/** The header of a checked telemetry frame. Indexes are in elements of the frame buffer's views. */
export interface TelemetryHeader {
  columns: number;
  kind: number;
  seq: number;
  base: number;
  rows: number;
  table: number;
  /** Index of the first metric number in `u16`. */
  metricsAt: number;
  /** Index of the first row in `u32`, and of its first value in the view of its kind is `rowsAt` + 1 (f64: rowsAt / 2 + 1). */
  rowsAt: number;
  /** Elements of `u32` per row. */
  rowWords: number;
}

/** Makes a header for `checkTelemetry` to fill. One can be used for all frames. */
export function createTelemetryHeader(): TelemetryHeader {
  return { columns: 0, kind: 0, seq: 0, base: 0, rows: 0, table: 0, metricsAt: 0, rowsAt: 0, rowWords: 0 };
}

/** A fault of a binary frame. It has no path, because a frame is not JSON. */
export type BinaryFault = { code: FaultCode; message: string };

const fault = (code: FaultCode, message: string): BinaryFault => ({ code, message });

const infiniteBits = 0x7f80_0000;
const metricSeen = new Uint8Array(65_536);

/** Checks that a message has a version that the gateway knows, and a type. Returns the fault, or null. */
export function checkPrefix(buffer: FrameBuffer, length: number): BinaryFault | null {
  if (length === 0) return fault('frame_length', 'the message is empty');
  if (buffer.u8[0] !== frameVersion)
    return fault('version_unsupported', `version ${buffer.u8[0]}; this gateway knows 1`);
  if (length < 2) return fault('frame_length', 'the message ends before the type');
  return null;
}

/** The seq of a message that is a telemetry frame of this version and long enough to have one, else 0. */
export function readableSeq(buffer: FrameBuffer, length: number): number {
  if (length < 8 || buffer.u8[0] !== frameVersion || buffer.u8[1] !== frameTypes.telemetry) return 0;
  return buffer.u32[1];
}

/**
 * Checks a whole telemetry frame in place and fills `out`. Returns the first fault, or null. `buffer` holds the message in its
 * first `length` bytes; its prefix has passed `checkPrefix`. Bytes after `length` do not matter.
 */
export function checkTelemetry(buffer: FrameBuffer, length: number, out: TelemetryHeader): BinaryFault | null {
  if (length < telemetryHeaderBytes)
    return fault('frame_length', `${length} bytes; a telemetry header has ${telemetryHeaderBytes}`);
  const { u8, u16, u32, i32 } = buffer;
  const columns = u8[2];
  const kind = u8[3];
  const rows = u16[8];
  if (columns === 0) return fault('frame_malformed', 'the frame has no columns');
  if (kind < valueKinds.f32 || kind > valueKinds.i32) return fault('frame_malformed', `there is no value type ${kind}`);
  if (rows === 0) return fault('frame_malformed', 'the frame has no rows');
  const start = rowsOffset(columns);
  const bytes = start + rows * rowBytes(kind, columns);
  if (length !== bytes) return fault('frame_length', `${length} bytes; the header gives ${bytes}`);
  for (let at = telemetryHeaderBytes + 2 * columns; at < start; at++) {
    if (u8[at] !== 0) return fault('frame_malformed', `padding byte ${at} is not zero`);
  }
  out.columns = columns;
  out.kind = kind;
  out.seq = u32[1];
  out.base = i32[3] * 0x1_0000_0000 + u32[2];
  out.rows = rows;
  out.table = u16[9];
  out.metricsAt = telemetryHeaderBytes / 2;
  out.rowsAt = start / 4;
  out.rowWords = rowBytes(kind, columns) / 4;
  return checkMetricsDiffer(buffer, out) ?? checkValues(buffer, out) ?? checkTimesDiffer(buffer, out);
}

function checkMetricsDiffer({ u16 }: FrameBuffer, { columns, metricsAt }: TelemetryHeader): BinaryFault | null {
  let twice = -1;
  let marked = 0;
  for (; marked < columns; marked++) {
    const metric = u16[metricsAt + marked];
    if (metricSeen[metric] === 1) {
      twice = metric;
      break;
    }
    metricSeen[metric] = 1;
  }
  for (let column = 0; column < marked; column++) metricSeen[u16[metricsAt + column]] = 0;
  return twice < 0 ? null : fault('schema_invalid', `metric ${twice} is given twice in one row`);
}

function checkValues(
  { u32 }: FrameBuffer,
  { kind, columns, rows, rowsAt, rowWords }: TelemetryHeader,
): BinaryFault | null {
  if (kind === valueKinds.i32) return null;
  for (let row = 0, at = rowsAt; row < rows; row++, at += rowWords) {
    if (kind === valueKinds.f32) {
      for (let column = 0; column < columns; column++) {
        if ((u32[at + 1 + column] & 0x7fff_ffff) === infiniteBits) return infinite(column, row);
      }
      continue;
    }
    if (u32[at + 1] !== 0) return fault('frame_malformed', `padding of row ${row} is not zero`);
    for (let column = 0; column < columns; column++) {
      const low = at + 2 + 2 * column;
      if (u32[low] === 0 && (u32[low + 1] & 0x7fff_ffff) === 0x7ff0_0000) return infinite(column, row);
    }
  }
  return null;
}

const infinite = (column: number, row: number): BinaryFault =>
  fault('value_invalid', `infinity in column ${column}, row ${row}`);

function checkTimesDiffer(buffer: FrameBuffer, header: TelemetryHeader): BinaryFault | null {
  const { u32 } = buffer;
  const { rows, rowsAt, rowWords } = header;
  for (let row = 1, at = rowsAt + rowWords; row < rows; row++, at += rowWords) {
    if (u32[at] <= u32[at - rowWords]) return checkUnorderedTimesDiffer(buffer, header);
  }
  return null;
}

/** Two rows may have the same offset as long as no metric has a value in both. */
function checkUnorderedTimesDiffer(buffer: FrameBuffer, header: TelemetryHeader): BinaryFault | null {
  const { columns, rows, rowsAt, rowWords } = header;
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const offset = buffer.u32[rowsAt + row * rowWords];
    const same = rowsOf.get(offset);
    if (same === undefined) rowsOf.set(offset, [row]);
    else same.push(row);
  }
  for (const [offset, same] of rowsOf) {
    if (same.length === 1) continue;
    for (let column = 0; column < columns; column++) {
      let values = 0;
      for (const row of same) if (!Number.isNaN(valueAt(buffer, header, row, column))) values++;
      if (values > 1) return fault('schema_invalid', `offset ${offset} is given twice for column ${column}`);
    }
  }
  return null;
}

/** The value at (row, column) of a checked frame. NaN means "no value" for every kind. */
export function valueAt(buffer: FrameBuffer, header: TelemetryHeader, row: number, column: number): number {
  const at = header.rowsAt + row * header.rowWords;
  if (header.kind === valueKinds.f32) return buffer.f32[at + 1 + column];
  if (header.kind === valueKinds.f64) return buffer.f64[at / 2 + 1 + column];
  const value = buffer.i32[at + 1 + column];
  return value === -0x8000_0000 ? Number.NaN : value;
}

/** The time of row `row` in Unix ms. `receivedAt` is the gateway's receipt time in Unix ms, from which ages count back. */
export function timeAt({ u32 }: FrameBuffer, header: TelemetryHeader, row: number, receivedAt: number): number {
  const offset = u32[header.rowsAt + row * header.rowWords];
  if (header.base > 0) return header.base + offset;
  const last = u32[header.rowsAt + (header.rows - 1) * header.rowWords];
  return receivedAt + header.base + offset - last;
}
