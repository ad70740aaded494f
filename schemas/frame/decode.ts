import { roundedNumbers, roundedRule } from '../message/numbers.js';
import type { Fault } from '../tables/faults.js';
import { faultCodeOf } from '../tables/faults.js';
import { createFrameBuffer, type FrameBuffer } from './frameBuffer.js';
import {
  ackBytes,
  commandHeaderBytes,
  commandUpdateHeaderBytes,
  frameTypes,
  frameVersion,
  nackHeaderBytes,
  timeAnswerBytes,
  timeRequestBytes,
  type ValueKind,
  valueKinds,
  welcomeBytes,
} from './layout.js';
import {
  type BinaryFault,
  checkPrefix,
  checkTelemetry,
  createTelemetryHeader,
  readableSeq,
  timeAt,
  valueAt,
} from './telemetry.js';
import {
  type CommandUpdateFrame,
  commandUpdateStates,
  type Decoded,
  type DownFrame,
  type TelemetryFrame,
  type TimeRequestFrame,
  type UpFrame,
} from './types.js';
import { parseUuid } from './uuid.js';

const kindNames = Object.fromEntries(Object.entries(valueKinds).map(([name, n]) => [n, name])) as Record<
  number,
  ValueKind
>;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Makes a frame buffer with a copy of `message`. The gateway keeps one for all messages instead. */
export function frameBufferOf(message: Uint8Array): FrameBuffer {
  const buffer = createFrameBuffer(Math.max(message.length, 8));
  buffer.u8.set(message);
  return buffer;
}

/** Decodes a frame of a device. It never throws, and never reads past the end of `message`. */
export function decodeUp(message: Uint8Array): Decoded<UpFrame> {
  const buffer = frameBufferOf(message);
  const refuse = (fault: BinaryFault): Decoded<never> => ({
    ok: false,
    seq: readableSeq(buffer, message.length),
    fault,
  });
  const prefix = checkPrefix(buffer, message.length);
  if (prefix !== null) return refuse(prefix);
  switch (message[1]) {
    case frameTypes.telemetry: {
      const frame = readTelemetry(buffer, message.length);
      return 'code' in frame ? refuse(frame) : { ok: true, frame };
    }
    case frameTypes.commandUpdate:
      return wrap(decodeCommandUpdate(message));
    case frameTypes.timeRequest:
      return wrap(decodeTimeRequest(message));
    default:
      return refuse({
        code: 'type_unknown',
        message: `type 0x${message[1].toString(16).padStart(2, '0')} is not one a device may send`,
      });
  }
}

function wrap<T extends object>(result: T | Fault): Decoded<T> {
  return 'code' in result ? { ok: false, seq: 0, fault: result as Fault } : { ok: true, frame: result as T };
}

function readTelemetry(buffer: FrameBuffer, length: number): TelemetryFrame | BinaryFault {
  const header = createTelemetryHeader();
  const fault = checkTelemetry(buffer, length, header);
  if (fault !== null) return fault;
  const rows: (number | null)[][] = [];
  for (let row = 0; row < header.rows; row++) {
    const cells: (number | null)[] = [buffer.u32[header.rowsAt + row * header.rowWords]];
    for (let column = 0; column < header.columns; column++) {
      const value = valueAt(buffer, header, row, column);
      cells.push(Number.isNaN(value) ? null : value);
    }
    rows.push(cells);
  }
  const metrics = Array.from(buffer.u16.subarray(header.metricsAt, header.metricsAt + header.columns));
  const { seq, base, table } = header;
  return { type: 'telemetry', kind: kindNames[header.kind], seq, base, table, metrics, rows };
}

/** The times of a telemetry frame's rows in Unix ms. `receivedAt` is the receipt time. A frame that is not valid has none. */
export function rowTimes(message: Uint8Array, receivedAt: number): number[] {
  const buffer = frameBufferOf(message);
  const header = createTelemetryHeader();
  if (checkTelemetry(buffer, message.length, header) !== null) return [];
  return Array.from({ length: header.rows }, (_, row) => timeAt(buffer, header, row, receivedAt));
}

/** Decodes a command update (type 0x02), or returns its fault. `message` has passed `checkPrefix`. */
export function decodeCommandUpdate(message: Uint8Array): CommandUpdateFrame | Fault {
  if (message.length < commandUpdateHeaderBytes) {
    return { code: 'frame_length', message: `${message.length} bytes; a command update has at least 20` };
  }
  const state = commandUpdateStates[message[2] - 1];
  if (state === undefined) return { code: 'command_state_invalid', message: `there is no state ${message[2]}` };
  if (message[3] !== 0) return { code: 'frame_malformed', message: 'byte 3 is not zero' };
  const frame: CommandUpdateFrame = { type: 'command_update', id: parseUuid(message, 4), state };
  if (message.length === commandUpdateHeaderBytes) return frame;
  try {
    const text = utf8.decode(message.subarray(commandUpdateHeaderBytes));
    const outcome: unknown = JSON.parse(text);
    if (roundedNumbers(text).length > 0) return { code: 'value_invalid', message: roundedRule };
    if (state === 'failed' || state === 'rejected') frame.error = outcome;
    else frame.result = outcome;
    return frame;
  } catch {
    return { code: 'json_invalid', message: 'the result or error is not JSON' };
  }
}

/** Decodes a time request (type 0x03), or returns its fault. `message` has passed `checkPrefix`. */
export function decodeTimeRequest(message: Uint8Array): TimeRequestFrame | Fault {
  if (message.length !== timeRequestBytes) {
    return { code: 'frame_length', message: `${message.length} bytes; a time request has 8` };
  }
  if (message[2] !== 0 || message[3] !== 0) return { code: 'frame_malformed', message: 'bytes 2 and 3 are not zero' };
  return { type: 'time', echo: viewOf(message).getUint32(4, true) };
}

function viewOf(message: Uint8Array): DataView {
  return new DataView(message.buffer, message.byteOffset, message.byteLength);
}

/**
 * Decodes a frame of the gateway, as a device must: it ignores reserved and trailing bytes. It is undefined for a version or type
 * that is not known, and for a message that is too short for its type.
 */
export function decodeDown(message: Uint8Array): DownFrame | undefined {
  if (message.length < 8 || message[0] !== frameVersion) return undefined;
  const view = viewOf(message);
  switch (message[1]) {
    case frameTypes.welcome:
      return message.length < welcomeBytes ? undefined : readWelcome(view);
    case frameTypes.ack:
      return message.length < ackBytes
        ? undefined
        : { type: 'ack', seq: view.getUint32(4, true), window: view.getUint16(2, true) };
    case frameTypes.nack:
      return readNack(message, view);
    case frameTypes.command:
      return readCommand(message, view);
    case frameTypes.timeAnswer:
      return message.length < timeAnswerBytes
        ? undefined
        : { type: 'time', echo: view.getUint32(4, true), serverTime: Number(view.getBigUint64(8, true)) };
    default:
      return undefined;
  }
}

function readWelcome(view: DataView): DownFrame {
  return {
    type: 'welcome',
    window: view.getUint16(2, true),
    lastSeq: view.getUint32(4, true),
    serverTime: Number(view.getBigUint64(8, true)),
    maxFrameBytes: view.getUint32(16, true),
    keepaliveSeconds: view.getUint16(20, true),
  };
}

function readNack(message: Uint8Array, view: DataView): DownFrame {
  const number = view.getUint16(2, true);
  const detail = new TextDecoder().decode(message.subarray(nackHeaderBytes));
  return { type: 'nack', code: faultCodeOf(number) ?? `fault_${number}`, seq: view.getUint32(4, true), detail };
}

function readCommand(message: Uint8Array, view: DataView): DownFrame | undefined {
  const nameBytes = message[2];
  if (message.length < commandHeaderBytes + nameBytes) return undefined;
  try {
    const text = utf8.decode(message.subarray(commandHeaderBytes + nameBytes));
    return {
      type: 'command',
      id: parseUuid(message, 4),
      name: utf8.decode(message.subarray(commandHeaderBytes, commandHeaderBytes + nameBytes)),
      params: text === '' ? {} : JSON.parse(text),
      ttlMs: view.getUint32(20, true),
      expiresAt: Number(view.getBigUint64(24, true)),
      known: message[3],
    };
  } catch {
    return undefined;
  }
}
