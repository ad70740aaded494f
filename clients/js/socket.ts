import { credentialEntryPrefix } from './core/contract.js';
import type { Encoding } from './core/messages.js';
import { type Ending, lostLink } from './core/reconnect.js';
import type { Link } from './core/session.js';

/** One WebSocket to the gateway, from its upgrade request to its end. */
export interface Socket extends Link {
  /** Sends a text or binary message; without effect if the socket is not open. */
  send(message: string | Uint8Array<ArrayBuffer>): void;
}

/** What a socket reports. */
export interface SocketEvents {
  /** A text message came. */
  text(message: string): void;
  /** A binary message came. */
  bytes(message: Uint8Array): void;
  /** A ping came. */
  pinged(): void;
  /** The socket ended, or was not opened. Called exactly once; no other event follows. */
  ended(ending: Ending): void;
}

/** With what a socket is opened. */
export interface SocketRequest {
  /** With the stream as a query parameter. */
  url: string;
  id: string;
  secret: string;
  encoding: Encoding;
}

/** How sockets are opened: with a browser's class, or with that of the package ws. */
export interface SocketKind {
  /** Whether the sockets show the gateway's pings (R-14). */
  seesPings: boolean;
  /** Opens a socket. It must not call an event before it returns. */
  open(request: SocketRequest, events: SocketEvents): Socket;
}

/** The part of a browser's WebSocket that the client uses. */
export interface NativeSocket {
  binaryType: string;
  readyState: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: { data: unknown }) => unknown) | null;
  onclose: ((event: { code: number; reason: string }) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
}
/** A browser's WebSocket class, or Node's global one. */
export type NativeSocketClass = new (url: string, protocols: string[]) => NativeSocket;

/** The part of a WebSocket of the package ws that the client uses. */
export interface WsSocket {
  readyState: number;
  send(data: string | Uint8Array, done: () => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: string, listener: (...facts: never[]) => void): unknown;
}
/** The WebSocket class of the package ws. */
export type WsSocketClass = new (url: string, protocols: string[], options: object) => WsSocket;

const openState = 1;
const handshakeMs = 20_000;

/** What the client offers in Sec-WebSocket-Protocol (H-4). */
export const subprotocolOf = (encoding: Encoding): string => `tidegate.v1.${encoding}`;

/** The credential as an entry in Sec-WebSocket-Protocol, because a browser cannot set headers (H-2). */
export function credentialEntry(id: string, secret: string): string {
  const coded = btoa(`${id}:${secret}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return credentialEntryPrefix + coded;
}

/** The kind of sockets that a class makes. Only those of the package ws have a method `terminate`. */
export function socketKindOf(WebSocket: NativeSocketClass | WsSocketClass): SocketKind {
  return 'terminate' in (WebSocket.prototype as object)
    ? wsSocketKind(WebSocket as WsSocketClass)
    : nativeSocketKind(WebSocket as NativeSocketClass);
}

/** Only the first end counts. Later events belong to a link that was dropped. */
function once(events: SocketEvents): SocketEvents & { isOver(): boolean } {
  let over = false;
  return {
    text: (message) => over || events.text(message),
    bytes: (message) => over || events.bytes(message),
    pinged: () => over || events.pinged(),
    ended(ending) {
      if (over) return;
      over = true;
      events.ended(ending);
    },
    isOver: () => over,
  };
}

/** Sockets of a browser, or of Node 22 and later. They show neither pings nor the status of a refusal. */
export function nativeSocketKind(WebSocket: NativeSocketClass): SocketKind {
  return {
    seesPings: false,
    open({ url, id, secret, encoding }, listeners) {
      const events = once(listeners);
      const ws = new WebSocket(url, [subprotocolOf(encoding), credentialEntry(id, secret)]);
      const drop = (): void => {
        events.ended(lostLink);
        ws.close();
      };
      const handshake = setTimeout(drop, handshakeMs);
      ws.binaryType = 'arraybuffer';
      ws.onopen = () => clearTimeout(handshake);
      ws.onmessage = ({ data }) =>
        typeof data === 'string' ? events.text(data) : events.bytes(new Uint8Array(data as ArrayBuffer));
      ws.onerror = () => {};
      ws.onclose = ({ code, reason }) => {
        clearTimeout(handshake);
        events.ended({ kind: 'closed', code, reason });
      };
      return {
        send: (message) => ws.readyState === openState && ws.send(message),
        close: (code, reason) => (ws.readyState === openState ? ws.close(code, reason) : drop()),
        drop,
      };
    },
  };
}

/** Sockets of the package ws. */
export function wsSocketKind(WebSocket: WsSocketClass): SocketKind {
  return {
    seesPings: true,
    open({ url, id, secret, encoding }, listeners) {
      const events = once(listeners);
      const ws = new WebSocket(url, [subprotocolOf(encoding)], {
        headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
        perMessageDeflate: false,
        handshakeTimeout: handshakeMs,
      });
      const drop = (): void => {
        events.ended(lostLink);
        ws.terminate();
      };
      ws.on('message', (data: Uint8Array, isBinary: boolean) =>
        isBinary ? events.bytes(data) : events.text(new TextDecoder().decode(data)),
      );
      ws.on('ping', () => events.pinged());
      ws.on('error', () => {});
      ws.on('unexpected-response', (request: { destroy(): void }, response: HttpAnswer) => {
        const after = Number(response.headers['retry-after']);
        const retryAfterSeconds = Number.isFinite(after) ? after : 0;
        events.ended({ kind: 'refused', status: response.statusCode ?? 0, retryAfterSeconds });
        request.destroy();
      });
      ws.on('close', (code: number, reason: Uint8Array) =>
        events.ended({ kind: 'closed', code, reason: new TextDecoder().decode(reason) }),
      );
      return {
        // If the socket breaks during a write, its end reports that.
        send: (message) => ws.readyState === openState && ws.send(message, () => {}),
        close: (code, reason) => (ws.readyState === openState ? ws.close(code, reason) : drop()),
        drop,
      };
    },
  };
}

interface HttpAnswer {
  statusCode?: number;
  headers: Record<string, string | undefined>;
}
