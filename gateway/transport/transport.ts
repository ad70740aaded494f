/**
 * transport/ speaks HTTP and WebSocket (RFC 9112, RFC 6455) with one of two libraries: uWebSockets.js where its binary loads, else
 * ws on Node's own HTTP. This file is all that link/ and operator/ know of them. What is in a request or a message, and who may
 * connect, is decided there.
 */

/** The libraries, by the name that the setting `transport` has for them. */
export type TransportName = 'uws' | 'ws';

export interface Transport {
  name: TransportName;
  /** The library's version. */
  version: string;
  /**
   * Opens a port that no other socket has; for 0 the system chooses one. Throws StartError: 69 if the port is taken, 78 if the
   * certificate cannot be used.
   */
  open<Held extends object>(options: PortOptions<Held>): Promise<Port>;
}

export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

export interface Port {
  port: number;
  /** Reads another certificate; throws StartError if it cannot be used. The returned function puts it in force. */
  renew(tls: TlsFiles | undefined): () => Promise<void>;
  /** Accepts no more connections; those that are open stay. */
  stopListening(): void;
  /** Closes the port and all its connections. */
  close(): void;
}

/** `Held` is what a WebSocket belongs to. The transport keeps it beside the socket and passes it to every handler. */
export interface PortOptions<Held extends object> {
  host: string;
  port: number;
  tls?: TlsFiles;
  /** Called per connection before anything is read from it. False closes it. `peer` is an IP address (RFC 5952). */
  admit?(peer: string): boolean;
  sockets: Sockets<Held>;
  /** Answers a request that is no WebSocket handshake, or is for another path. */
  request(request: Request, response: Response): void;
}

/** An HTTP request. It is valid during the call only, because uWebSockets.js reuses it. */
export interface Request {
  /** In capitals. */
  readonly method: string;
  /** As it was sent: not decoded, without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** The IP address of the other end (RFC 5952). */
  readonly peer: string;
  /** The first field of this name, or an empty string. `name` is in small letters. */
  header(name: string): string;
  /** All fields of this name as one list (RFC 9110, section 5.3), or an empty string. */
  list(name: string): string;
}

/** A whole answer. Content-Length and Date come from the transport. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | null;
  /** Whether the connection ends with the answer. */
  closes?: boolean;
}

/** Where the answer to one request goes. Every request gets one. */
export interface Response {
  /** Whether the client has disconnected. Then nothing more can be sent, and the other functions do nothing. */
  readonly gone: boolean;
  answer(answer: Answer): void;
  /** Collects the body and calls `done` once; with null if it has more bytes than allowed. Not called if the client disconnects. */
  readBody(bytesMax: number, done: (body: Buffer | null) => void): void;
  /** Begins an answer of unknown length. */
  begin(status: number, headers: Readonly<Record<string, string>>): void;
  /** Sends a piece of it. False if the client reads too slowly: then wait for `writable` before the next piece. */
  write(piece: string | Uint8Array): boolean;
  /** Resolves when the client has read what waits, or has disconnected. A client that reads nothing for 10 s is disconnected. */
  writable(): Promise<void>;
  end(): void;
  /** Closes the connection, so that the client sees that the answer is not whole. */
  abort(): void;
}

/** A handshake that is accepted. */
export interface Upgraded<Held> {
  held: Held;
  /** To be echoed; empty for none. */
  subprotocol: string;
}

/** The WebSockets of a port. */
export interface Sockets<Held extends object> {
  isPath(path: string): boolean;
  /** A longer message ends the link (`message_too_large`). */
  messageBytesMax: number;
  /** If more than this waits to be sent, the next message is dropped. */
  queuedBytesMax: number;
  /** A link that sends nothing for this time, not even a pong, ends (`silent`). 0: it may be silent for ever. */
  silenceSeconds: number;
  /** Whether the transport pings by itself, often enough that a live client is never silent for too long. */
  pings: boolean;
  /** Decides a handshake. RFC 6455, section 4.2.1 must have been checked if it returns Upgraded. */
  upgrade(request: Request): Upgraded<Held> | Answer;
  opened(held: Held, socket: Socket): void;
  /** `message` is valid during the call only. */
  message(held: Held, message: Uint8Array, isBinary: boolean): void;
  ping?(held: Held): void;
  pong?(held: Held): void;
  /** What waited to be sent is sent. */
  drained?(held: Held): void;
  /** The link has ended, whichever side closed it. Its socket must not be used any more. Called once, also inside `Socket.end`. */
  closed(held: Held, ending: Ending): void;
}

/** How a link ended. */
export interface Ending {
  /** Of the Close frame that came first, or 1006. */
  code: number;
  reason: string;
  /** Why the transport itself ended the link without a Close frame from either side; null if it did not. */
  cut: Cut | null;
}

export type Cut = 'silent' | 'invalid_utf8' | 'message_too_large' | 'protocol_error';

/** sent: it is with the system. queued: it waits in this process. dropped: too much waited, and it was not taken. */
export type Sent = 'sent' | 'queued' | 'dropped';

/** One open WebSocket. */
export interface Socket {
  send(message: string | Uint8Array): Sent;
  /** How many bytes wait in this process. */
  queuedBytes(): number;
  ping(): void;
  /** Sends everything that `work` sends at once. */
  together(work: () => void): void;
  /** Sends a Close frame and ends the link; calls `closed`. */
  end(code: number, reason: string): void;
}
