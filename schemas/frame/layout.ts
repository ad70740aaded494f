/**
 * Offsets and sizes of the binary frames (PROTOCOL.md section 6), in bytes, little-endian.
 * Every field is naturally aligned, so that a C struct can be sent as it is.
 */
export const frameVersion = 1;

export const frameTypes = {
  telemetry: 0x01,
  commandUpdate: 0x02,
  timeRequest: 0x03,
  welcome: 0x81,
  ack: 0x82,
  nack: 0x83,
  command: 0x84,
  timeAnswer: 0x85,
} as const;

export const valueKinds = { f32: 1, f64: 2, i32: 3 } as const;
export type ValueKind = keyof typeof valueKinds;

/** In an i32 frame the smallest integer says "no value"; in the float kinds NaN does. */
export const i32NoValue = -0x8000_0000;

export const telemetryHeaderBytes = 20;
export const commandUpdateHeaderBytes = 20;
export const timeRequestBytes = 8;
export const welcomeBytes = 24;
export const ackBytes = 8;
export const nackHeaderBytes = 8;
export const commandHeaderBytes = 32;
export const timeAnswerBytes = 16;

/** Where the rows begin: the header, two bytes a column, padded to a multiple of 8. */
export function rowsOffset(columns: number): number {
  return (telemetryHeaderBytes + 2 * columns + 7) & ~7;
}

/** Bytes of one row: the u32 time offset, for f64 a u32 of zeros, then the values. */
export function rowBytes(kind: number, columns: number): number {
  return kind === valueKinds.f64 ? 8 + 8 * columns : 4 + 4 * columns;
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
if (!isLittleEndian) throw new Error('Tidegate reads frames in place and so needs a little-endian machine');
