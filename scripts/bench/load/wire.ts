/** What a wire reports about the server's messages that it read. */
export interface Answers {
  /** The server answered the greeting. */
  opened(): void;
  /** The server acknowledged every frame up to seq. */
  ackedThrough(seq: number): void;
  /** The server acknowledged the next frame in order. */
  ackedOne(): void;
  /** The device answers with this message. */
  reply(message: Buffer): void;
}

/** How frames travel on one connection of a protocol. */
export interface Wire {
  /** The first bytes on the connection. */
  greeting: Buffer;
  /** Sent after the greeting was answered; null: nothing. */
  opening: Buffer | null;
  /** The bytes of one frame. `base` is the time of its first reading in Unix ms; the others follow one millisecond apart. */
  encode(seq: number, base: number): Buffer;
  /** Reads all complete messages and returns how many bytes they were. Throws if the server refused a frame. */
  read(bytes: Buffer, answers: Answers): number;
}

export type CreateWire = (data: GeneratorData, index: number) => Wire;

/** A binary telemetry frame of PROTOCOL.md §6 with one f32 column and rows one millisecond apart. The same bytes go to every server. */
export function payloadTemplate(readings: number): Buffer {
  const payload = Buffer.alloc(24 + 8 * readings);
  payload.set([1, 1, 1, 1]);
  payload.writeUInt16LE(readings, 16);
  for (let row = 0; row < readings; row++) {
    payload.writeUInt32LE(row, 24 + 8 * row);
    payload.writeFloatLE(20 + row / 8, 28 + 8 * row);
  }
  return payload;
}

/** Writes the seq and the time of the first reading into a payload that begins at `at`. */
export function stamp(bytes: Buffer, at: number, seq: number, base: number): void {
  bytes.writeUInt32LE(seq, at + 4);
  bytes.writeUInt32LE(base % 0x1_0000_0000, at + 8);
  bytes.writeUInt32LE(Math.floor(base / 0x1_0000_0000), at + 12);
}

/** Makes the encoder of a message whose last part is the payload: each call copies the message and stamps the copy. */
export function stamped(template: Buffer, payloadBytes: number): (seq: number, base: number) => Buffer {
  const at = template.length - payloadBytes;
  return (seq, base) => {
    const bytes = Buffer.from(template);
    stamp(bytes, at, seq, base);
    return bytes;
  };
}

/**
 * The settings of a generator. It encodes a frame once, writes only seq and time into each copy, and sends many frames in one
 * write over bare sockets. It runs in a worker of the bench, and the server under test in another process.
 */
export interface GeneratorData {
  port: number;
  protocol: Protocol;
  path: string;
  /** Per link, further header lines of its upgrade request. Its length is the number of links. */
  headers: string[][];
  /** A text message that each link sends after its welcome; null: nothing. */
  opening: string | null;
  frame: 'binary' | 'json';
  /** How many readings a binary frame has. */
  readings: number;
  /** How many unacknowledged frames a link may have. */
  window: number;
  /** Frames per second over all links, whether acks come or not; 0: as many as the window allows. */
  framesPerSecond: number;
  /** How long frames are sent before anything is measured. */
  warmupMs: number;
  /** The measured time. */
  runMs: number;
  /** The time of the first reading in Unix ms; the others follow one millisecond apart. */
  firstAt: number;
  /** How a WebSocket server answers: with the acks of PROTOCOL.md, or with one message per frame. */
  answers: 'cumulative' | 'each';
}

export type Protocol = 'websocket' | 'http' | 'mqtt' | 'nats';
