import { commandStates } from './core/contract.js';
import { type CommandUpdate, type DownMessage, faultCodeOf } from './core/messages.js';

/** Binary messages (PROTOCOL.md section 6) are little-endian. Byte 0 is the version, byte 1 the type. */
const version = 1;
const types = {
  telemetry: 0x01,
  update: 0x02,
  timeRequest: 0x03,
  welcome: 0x81,
  ack: 0x82,
  nack: 0x83,
  command: 0x84,
  time: 0x85,
};
const kinds = { f32: 1, f64: 2, i32: 3 };
const commandHeaderBytes = 32;

const utf8 = new TextEncoder();
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Whether a binary message can carry this id. */
export const isUuid = (id: string): boolean => uuid.test(id);

/** A telemetry frame of one row. `values` are without scale, one per metric number. */
export interface Row {
  seq: number;
  /** Unix ms, or at most 0: an age in ms. */
  base: number;
  table: number;
  metrics: readonly number[];
  values: readonly number[];
}

function begin(type: number, bytes: number): { bytes: Uint8Array<ArrayBuffer>; view: DataView } {
  const view = new DataView(new ArrayBuffer(bytes));
  view.setUint8(0, version);
  view.setUint8(1, type);
  return { bytes: new Uint8Array(view.buffer as ArrayBuffer), view };
}

/** The smallest kind in which the gateway has each value exactly. */
function kindOf(values: readonly number[]): keyof typeof kinds {
  if (values.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31)) return 'i32';
  return values.every(fitsFloat32) ? 'f32' : 'f64';
}

/** The gateway takes an f32 for the shortest decimal that is the same f32 (B-13). Six digits are enough to tell any two apart. */
function fitsFloat32(value: number): boolean {
  const size = Math.abs(value);
  return value === 0 ? !Object.is(value, -0) : size > 1e-37 && size < 3e38 && Number(value.toPrecision(6)) === value;
}

/** A telemetry frame of one row (B-3). */
export function encodeRow({ seq, base, table, metrics, values }: Row): Uint8Array<ArrayBuffer> {
  const kind = kindOf(values);
  const columns = metrics.length;
  const rowsAt = (20 + 2 * columns + 7) & ~7;
  const valuesAt = rowsAt + (kind === 'f64' ? 8 : 4);
  const width = kind === 'f64' ? 8 : 4;
  const { bytes, view } = begin(types.telemetry, valuesAt + width * columns);
  view.setUint8(2, columns);
  view.setUint8(3, kinds[kind]);
  view.setUint32(4, seq, true);
  view.setBigInt64(8, BigInt(base), true);
  view.setUint16(16, 1, true);
  view.setUint16(18, table, true);
  metrics.forEach((metric, i) => view.setUint16(20 + 2 * i, metric, true));
  values.forEach((value, i) => {
    const at = valuesAt + width * i;
    if (kind === 'f64') view.setFloat64(at, value, true);
    else if (kind === 'f32') view.setFloat32(at, value, true);
    else view.setInt32(at, value, true);
  });
  return bytes;
}

/** A binary command update. The id must be a UUID; other ids can only go as text. */
export function encodeUpdate({ id, state, result, error }: CommandUpdate): Uint8Array<ArrayBuffer> {
  const outcome = error ?? result;
  const json = outcome === undefined ? new Uint8Array(0) : utf8.encode(JSON.stringify(outcome));
  const { bytes } = begin(types.update, 20 + json.length);
  bytes[2] = commandStates.indexOf(state) + 1;
  const hex = id.replaceAll('-', '');
  for (let i = 0; i < 16; i++) bytes[4 + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  bytes.set(json, 20);
  return bytes;
}

/** A question for the gateway's time. The answer has the same `echo`. */
export function encodeTimeRequest(echo: number): Uint8Array<ArrayBuffer> {
  const { bytes, view } = begin(types.timeRequest, 8);
  view.setUint32(4, echo, true);
  return bytes;
}

/** A binary message of the gateway. Null for an unknown version or type, and for a message that is too short; never throws. Reserved and trailing bytes are ignored (B-8). */
export function readBytes(bytes: Uint8Array): DownMessage | null {
  if (bytes.length < 8 || bytes[0] !== version) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (bytes[1]) {
    case types.welcome:
      return bytes.length < 24 ? null : welcome(view);
    case types.ack:
      return { type: 'ack', seq: view.getUint32(4, true), window: view.getUint16(2, true) };
    case types.nack:
      return {
        type: 'nack',
        seq: view.getUint32(4, true),
        code: faultCodeOf(view.getUint16(2, true)),
        message: new TextDecoder().decode(bytes.subarray(8)),
      };
    case types.command:
      return command(bytes, view);
    case types.time:
      return bytes.length < 16
        ? null
        : { type: 'time', echo: view.getUint32(4, true), serverTime: Number(view.getBigUint64(8, true)) };
    default:
      return null;
  }
}

function welcome(view: DataView): DownMessage {
  return {
    type: 'welcome',
    window: view.getUint16(2, true),
    lastSeq: view.getUint32(4, true),
    serverTime: Number(view.getBigUint64(8, true)),
    keepaliveSeconds: view.getUint16(20, true),
  };
}

function command(bytes: Uint8Array, view: DataView): DownMessage | null {
  const paramsAt = commandHeaderBytes + bytes[2];
  if (bytes.length < paramsAt) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true });
    const params = text.decode(bytes.subarray(paramsAt));
    return {
      type: 'command',
      id: uuidAt(bytes, 4),
      name: text.decode(bytes.subarray(commandHeaderBytes, paramsAt)),
      params: params === '' ? {} : JSON.parse(params),
      expiresAt: Number(view.getBigUint64(24, true)),
      known: bytes[3],
    };
  } catch {
    return null;
  }
}

function uuidAt(bytes: Uint8Array, at: number): string {
  const hex = Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
