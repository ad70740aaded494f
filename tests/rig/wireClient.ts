import { connect, type Socket } from 'node:net';

export interface WireFrame {
  opcode: number;
  payload: Buffer;
}

export interface WireClient {
  socket: Socket;
  /** The head of the answer to the upgrade. */
  head: string;
  /** The next frame; null if the socket ended. */
  next(): Promise<WireFrame | null>;
  /** Waits until the socket ends. Returns the code of the close frame, or null if there was none. */
  untilEnd(): Promise<number | null>;
  /** Sends a frame. Returns false if the socket buffers it. */
  send(payload: Uint8Array | string, opcode?: number, final?: boolean): boolean;
  /** Sends bytes as they are. Returns false if the socket buffers them. */
  raw(bytes: Uint8Array): boolean;
  end(): void;
}

/** Opcodes of RFC 6455 section 5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * A WebSocket client made of a bare socket, for what well-behaved libraries will not send: half frames, bad opcodes,
 * floods, silence. Frames are masked with zeros, which RFC 6455 allows and which leaves the payload as it is.
 */
export async function openWireClient(
  port: number,
  headers: string[],
  path = '/v1/device?stream=main',
): Promise<WireClient> {
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let rest = Buffer.alloc(0);
  const frames: WireFrame[] = [];
  let head: string | null = null;
  let ended = false;
  let wake = (): void => {};
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (head === null) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      head = rest.subarray(0, end).toString('latin1');
      rest = rest.subarray(end + 4);
    }
    for (let frame = takeFrame(); frame !== null; frame = takeFrame()) frames.push(frame);
    wake();
  });
  socket.on('close', () => {
    ended = true;
    wake();
  });

  /** Frames from a server are not masked. */
  function takeFrame(): WireFrame | null {
    if (head?.startsWith('HTTP/1.1 101') !== true || rest.length < 2) return null;
    let length = rest[1] & 0x7f;
    let at = 2;
    if (length === 126) {
      if (rest.length < 4) return null;
      length = rest.readUInt16BE(2);
      at = 4;
    } else if (length === 127) throw new Error('a frame of more than 64 KiB');
    if (rest.length < at + length) return null;
    const frame = { opcode: rest[0] & 0x0f, payload: rest.subarray(at, at + length) };
    rest = rest.subarray(at + length);
    return frame;
  }

  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });

  while (head === null && !ended) await changed();
  return {
    socket,
    head: head ?? '',
    async next(): Promise<WireFrame | null> {
      while (frames.length === 0) {
        if (ended) return null;
        await changed();
      }
      return frames.shift() ?? null;
    },
    async untilEnd(): Promise<number | null> {
      while (!ended) await changed();
      const close = frames.find(({ opcode }) => opcode === opcodes.close);
      return close === undefined || close.payload.length < 2 ? null : close.payload.readUInt16BE(0);
    },
    send: (
      payload: Uint8Array | string,
      opcode: number = typeof payload === 'string' ? opcodes.text : opcodes.binary,
      final = true,
    ): boolean => socket.write(maskedFrame(Buffer.from(payload), opcode, final)),
    raw: (bytes: Uint8Array): boolean => socket.write(bytes),
    end: (): void => void socket.destroy(),
  };
}

/** A client's frame (RFC 6455 section 5.2) under a mask of zeros. */
export function maskedFrame(payload: Buffer, opcode: number, final = true): Buffer {
  const { length } = payload;
  const header = length < 126 ? Buffer.alloc(6) : length < 65_536 ? Buffer.alloc(8) : Buffer.alloc(14);
  header[0] = (final ? 0x80 : 0) | opcode;
  if (length < 126) header[1] = 0x80 | length;
  else if (length < 65_536) {
    header[1] = 0x80 | 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 0x80 | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}

export function basicAuthorization({ id, secret }: { id: string; secret: string }): string {
  return `Authorization: Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}
