/** The part of MQTT 3.1.1 that a bench's device and subscriber need (sections 2 and 3 of the standard). */
export const packetTypes = { connack: 2, publish: 3, puback: 4, suback: 9 } as const;

export interface Packet {
  type: number;
  /** The low four bits of the fixed header's first byte. */
  flags: number;
  /** The offset of the variable header. */
  from: number;
  /** The offset behind the packet. */
  to: number;
}

export function connectPacket(clientId: string, cleanSession: boolean): Buffer {
  const variable = Buffer.concat([text('MQTT'), Buffer.of(4, cleanSession ? 2 : 0, 0, 60), text(clientId)]);
  return packet(0x10, variable);
}

export function subscribePacket(topic: string): Buffer {
  return packet(0x82, Buffer.concat([Buffer.of(0, 1), text(topic), Buffer.of(1)]));
}

/** A PUBLISH of QoS 1, and where its packet id stands, which is 0 until the sender writes one. */
export function publishPacket(topic: string, payload: Buffer): { packet: Buffer; idAt: number } {
  const made = packet(0x32, Buffer.concat([text(topic), Buffer.of(0, 0), payload]));
  return { packet: made, idAt: made.length - payload.length - 2 };
}

export function pubackPacket(id: number): Buffer {
  return Buffer.of(0x40, 2, id >> 8, id & 0xff);
}

/** The packet that begins at `at`; null if it is not complete. */
export function packetAt(bytes: Buffer, at: number): Packet | null {
  let length = 0;
  for (let i = 1; i <= 4; i++) {
    if (at + i >= bytes.length) return null;
    const byte = bytes[at + i];
    length += (byte & 0x7f) * 128 ** (i - 1);
    if (byte < 0x80) {
      const from = at + i + 1;
      return from + length <= bytes.length
        ? { type: bytes[at] >> 4, flags: bytes[at] & 0x0f, from, to: from + length }
        : null;
    }
  }
  throw new Error('an MQTT packet has a length field of more than four bytes');
}

function packet(first: number, variable: Buffer): Buffer {
  const length: number[] = [];
  let left = variable.length;
  do {
    length.push((left % 128) | (left >= 128 ? 0x80 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.concat([Buffer.of(first, ...length), variable]);
}

function text(content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
