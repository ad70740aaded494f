/** What a wire tells of the answers that it read. */
export interface Answers {
  /** The greeting was answered. */
  opened(): void;
  /** Every frame up to seq. */
  ackedThrough(seq: number): void;
  /** The next frame in order. */
  ackedOne(): void;
  /** What the device says by itself to what it read. */
  say(message: Buffer): void;
}

/** How frames travel on one connection of a protocol. */
export interface Wire {
  greeting: Buffer;
  /** Sent once the greeting was answered. */
  opening: Buffer | null;
  /** `base`: Unix ms of the first reading; the others of the frame follow a millisecond apart. */
  encode(seq: number, base: number): Buffer;
  /** Reads whole messages and returns how many bytes they were; throws where a frame was refused. */
  read(bytes: Buffer, answers: Answers): number;
}

export type CreateWire = (data: GeneratorData, index: number) => Wire;

/** The telemetry frame of the contract: one f32 column, rows a ms apart. The same bytes go to every server. */
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

/** Writes seq and time into a payload that begins at `at`. */
export function stamp(bytes: Buffer, at: number, seq: number, base: number): void {
  bytes.writeUInt32LE(seq, at + 4);
  bytes.writeUInt32LE(base % 0x1_0000_0000, at + 8);
  bytes.writeUInt32LE(Math.floor(base / 0x1_0000_0000), at + 12);
}

/** A message whose payload is its last part, to be copied and stamped for each frame. */
export function stamped(template: Buffer, payloadBytes: number): (seq: number, base: number) => Buffer {
  const at = template.length - payloadBytes;
  return (seq, base) => {
    const bytes = Buffer.from(template);
    stamp(bytes, at, seq, base);
    return bytes;
  };
}

/**
 * Load by bare sockets: frames are encoded once, and only seq and time are written into them before they are sent, many
 * in one write. It runs in a worker of the bench's own process, apart from the server under test.
 */
export interface GeneratorData {
  port: number;
  protocol: Protocol;
  path: string;
  /** Of each link: further header lines of its upgrade. */
  headers: string[][];
  /** Text sent on each link after its welcome; null: nothing. */
  opening: string | null;
  frame: 'binary' | 'json';
  /** Readings in a binary frame. */
  readings: number;
  /** Unacknowledged frames a link may have. */
  window: number;
  /** Open loop: frames a second over all links; 0: as many as the window lets go. */
  framesPerSecond: number;
  warmupMs: number;
  runMs: number;
  /** Unix ms of the first reading; the others follow a millisecond apart. */
  firstAt: number;
  /** How a WebSocket server answers: acks of the contract (binary or JSON), or one message a frame. */
  answers: 'cumulative' | 'each';
}

export type Protocol = 'websocket' | 'http' | 'mqtt' | 'nats';
