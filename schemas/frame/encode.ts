import { faults } from '../tables/faults.js';
import { limits } from '../tables/limits.js';
import {
  ackBytes,
  commandHeaderBytes,
  commandUpdateHeaderBytes,
  frameTypes,
  frameVersion,
  i32NoValue,
  nackHeaderBytes,
  rowBytes,
  rowsOffset,
  telemetryHeaderBytes,
  timeAnswerBytes,
  timeRequestBytes,
  valueKinds,
  welcomeBytes,
} from './layout.js';
import {
  type AckFrame,
  type CommandFrame,
  type CommandUpdateFrame,
  commandUpdateStates,
  type NackFrame,
  type TelemetryFrame,
  type TimeAnswerFrame,
  type TimeRequestFrame,
  type WelcomeFrame,
} from './types.js';
import { writeUuid } from './uuid.js';

function frameOf(type: number, bytes: number): { message: Uint8Array; view: DataView } {
  const message = new Uint8Array(bytes);
  message[0] = frameVersion;
  message[1] = type;
  return { message, view: new DataView(message.buffer) };
}

/** Encodes a telemetry frame (type 0x01). Throws RangeError if it has no columns or rows, more than fit, or a row of another length. */
export function encodeTelemetry(frame: TelemetryFrame): Uint8Array {
  const columns = frame.metrics.length;
  const rows = frame.rows.length;
  if (columns < 1 || columns > limits.columnsMax)
    throw new RangeError(`${columns} columns; 1 to ${limits.columnsMax} fit`);
  if (rows < 1 || rows > limits.rowsMax) throw new RangeError(`${rows} rows; 1 to ${limits.rowsMax} fit`);
  const kind = valueKinds[frame.kind];
  const start = rowsOffset(columns);
  const stride = rowBytes(kind, columns);
  const { message, view } = frameOf(frameTypes.telemetry, start + rows * stride);
  message[2] = columns;
  message[3] = kind;
  view.setUint32(4, frame.seq, true);
  view.setBigInt64(8, BigInt(frame.base), true);
  view.setUint16(16, rows, true);
  view.setUint16(18, frame.table, true);
  frame.metrics.forEach((metric, column) => view.setUint16(telemetryHeaderBytes + 2 * column, metric, true));
  frame.rows.forEach((row, index) => {
    // A missing cell would be sent as 0, which is a reading that nobody took.
    if (row.length !== columns + 1)
      throw new RangeError(`row ${index} has ${row.length - 1} values for ${columns} columns`);
    writeRow(view, start + index * stride, kind, row);
  });
  return message;
}

function writeRow(view: DataView, at: number, kind: number, row: (number | null)[]): void {
  view.setUint32(at, row[0] as number, true);
  for (let column = 0; column < row.length - 1; column++) {
    const value = row[column + 1];
    if (kind === valueKinds.f32) view.setFloat32(at + 4 + 4 * column, value ?? Number.NaN, true);
    else if (kind === valueKinds.f64) view.setFloat64(at + 8 + 8 * column, value ?? Number.NaN, true);
    else view.setInt32(at + 4 + 4 * column, value ?? i32NoValue, true);
  }
}

/**
 * Encodes a command update (type 0x02). The error counts before the result; without either the frame ends after the id. Throws
 * RangeError if `id` is not a UUID.
 */
export function encodeCommandUpdate(frame: CommandUpdateFrame): Uint8Array {
  const outcome = frame.error === undefined ? frame.result : frame.error;
  const json = outcome === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(outcome));
  const { message } = frameOf(frameTypes.commandUpdate, commandUpdateHeaderBytes + json.length);
  message[2] = commandUpdateStates.indexOf(frame.state) + 1;
  writeUuid(message, 4, frame.id);
  message.set(json, commandUpdateHeaderBytes);
  return message;
}

/** Encodes a time request (type 0x03) of 8 bytes. */
export function encodeTimeRequest(frame: TimeRequestFrame): Uint8Array {
  const { message, view } = frameOf(frameTypes.timeRequest, timeRequestBytes);
  view.setUint32(4, frame.echo, true);
  return message;
}

/** Encodes a welcome (type 0x81) of 24 bytes. Device and stream are not in it. */
export function encodeWelcome(frame: WelcomeFrame): Uint8Array {
  const { message, view } = frameOf(frameTypes.welcome, welcomeBytes);
  view.setUint16(2, frame.window, true);
  view.setUint32(4, frame.lastSeq, true);
  view.setBigUint64(8, BigInt(frame.serverTime), true);
  view.setUint32(16, frame.maxFrameBytes, true);
  view.setUint16(20, frame.keepaliveSeconds, true);
  return message;
}

/** Encodes an ack (type 0x82) of 8 bytes. */
export function encodeAck(frame: AckFrame): Uint8Array {
  const { message, view } = frameOf(frameTypes.ack, ackBytes);
  view.setUint16(2, frame.window, true);
  view.setUint32(4, frame.seq, true);
  return message;
}

/** Encodes a nack (type 0x83). `frame.code` must be one of faults.ts. The detail is cut between characters to nackDetailBytesMax. */
export function encodeNack(frame: NackFrame & { code: keyof typeof faults }): Uint8Array {
  const detail = cutUtf8(frame.detail, limits.nackDetailBytesMax);
  const { message, view } = frameOf(frameTypes.nack, nackHeaderBytes + detail.length);
  view.setUint16(2, faults[frame.code].number, true);
  view.setUint32(4, frame.seq, true);
  message.set(detail, nackHeaderBytes);
  return message;
}

function cutUtf8(text: string, bytesMax: number): Uint8Array {
  const room = new Uint8Array(bytesMax);
  return room.subarray(0, new TextEncoder().encodeInto(text, room).written);
}

/** Encodes a command (type 0x84). A name has at most 255 bytes. Throws RangeError if `id` is not a UUID. */
export function encodeCommand(frame: CommandFrame): Uint8Array {
  const name = Buffer.from(frame.name);
  const params = Buffer.from(JSON.stringify(frame.params));
  const { message, view } = frameOf(frameTypes.command, commandHeaderBytes + name.length + params.length);
  message[2] = name.length;
  message[3] = frame.known;
  writeUuid(message, 4, frame.id);
  // The field holds at most 49.7 days. `expiresAt` has the whole time.
  view.setUint32(20, Math.min(frame.ttlMs, 0xffff_ffff), true);
  view.setBigUint64(24, BigInt(frame.expiresAt), true);
  message.set(name, commandHeaderBytes);
  message.set(params, commandHeaderBytes + name.length);
  return message;
}

/** Encodes a time answer (type 0x85) of 16 bytes. */
export function encodeTimeAnswer(frame: TimeAnswerFrame): Uint8Array {
  const { message, view } = frameOf(frameTypes.timeAnswer, timeAnswerBytes);
  view.setUint32(4, frame.echo, true);
  view.setBigUint64(8, BigInt(frame.serverTime), true);
  return message;
}
