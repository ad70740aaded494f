/**
 * Offsets and sizes of the binary frames (PROTOCOL.md section 6), in bytes, little-endian. Every field is naturally aligned, so
 * that a C struct can be sent as it is. frame/ encodes, decodes and explains binary messages; JSON messages are in message/.
 */

/** Byte 0 of every frame. */
export const frameVersion = 1;

/** Byte 1 of a frame. Types from 0x80 are sent by the gateway, the others by devices. */
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

/** Byte 3 of a telemetry frame: the type of all its values. */
export const valueKinds = { f32: 1, f64: 2, i32: 3 } as const;
/** A key of `valueKinds`. */
export type ValueKind = keyof typeof valueKinds;

/** The smallest i32 means "no value" in an i32 frame. In f32 and f64 frames NaN does. */
export const i32NoValue = -0x8000_0000;

/** A telemetry frame (0x01) up to its metric numbers. */
export const telemetryHeaderBytes = 20;
/** A command update (0x02) up to its JSON. */
export const commandUpdateHeaderBytes = 20;
/** A whole time request (0x03). */
export const timeRequestBytes = 8;
/** A whole welcome (0x81). */
export const welcomeBytes = 24;
/** A whole ack (0x82). */
export const ackBytes = 8;
/** A nack (0x83) up to its detail. */
export const nackHeaderBytes = 8;
/** A command (0x84) up to its name. */
export const commandHeaderBytes = 32;
/** A whole time answer (0x85). */
export const timeAnswerBytes = 16;

/** The offset at which the rows begin: after the header and two bytes per column, padded to a multiple of 8. */
export function rowsOffset(columns: number): number {
  return (telemetryHeaderBytes + 2 * columns + 7) & ~7;
}

/** The bytes of one row: the u32 time offset, for f64 a u32 of zeros, then the values. `kind` is one of `valueKinds`. */
export function rowBytes(kind: number, columns: number): number {
  return kind === valueKinds.f64 ? 8 + 8 * columns : 4 + 4 * columns;
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
if (!isLittleEndian) throw new Error('Tidegate reads frames in place and so needs a little-endian machine');
