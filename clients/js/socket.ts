import type { Encoding } from './protocol.js';
import type { Ending } from './reconnect.js';

/** One link, from its upgrade request to its end. */
export interface Socket {
  send(message: string | Uint8Array<ArrayBuffer>): void;
  /** Says goodbye; `ended` follows. */
  close(code: number, reason: string): void;
  /** Lets go of it without waiting for anyone; `ended` follows. */
  abandon(): void;
}

export interface SocketEvents {
  text(message: string): void;
  bytes(message: Uint8Array): void;
  pinged(): void;
  /** Exactly once; nothing follows it. */
  ended(ending: Ending): void;
}

export interface SocketRequest {
  /** With the stream. */
  url: string;
  id: string;
  secret: string;
  encoding: Encoding;
}

export interface SocketKind {
  /** Whether the gateway's pings are seen (R-14). */
  seesPings: boolean;
  open(request: SocketRequest, events: SocketEvents): Socket;
}

/** As much of a browser's WebSocket as is used here. */
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
export type NativeSocketClass = new (url: string, protocols: string[]) => NativeSocket;

/** As much of the package ws as is used here. */
export interface WsSocket {
  readyState: number;
  send(data: string | Uint8Array, done: () => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: string, listener: (...facts: never[]) => void): unknown;
}
export type WsSocketClass = new (url: string, protocols: string[], options: object) => WsSocket;

const openState = 1;
const handshakeMs = 20_000;
const lost: Ending = { kind: 'closed', code: 1006, reason: '' };

export const subprotocolOf = (encoding: Encoding): string => `tidegate.v1.${encoding}`;

/** What a browser can send instead of a header (H-2). */
export function credentialEntry(id: string, secret: string): string {
  const coded = btoa(`${id}:${secret}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return `tidegate.auth.${coded}`;
}

/** Which of the two a class is: only that of ws can be terminated. */
export function socketKindOf(WebSocket: NativeSocketClass | WsSocketClass): SocketKind {
  return 'terminate' in (WebSocket.prototype as object)
    ? wsSocketKind(WebSocket as WsSocketClass)
    : nativeSocketKind(WebSocket as NativeSocketClass);
}

/** The first end counts; what comes after it is of a link that was let go. */
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

/** A browser's, or that of Node 22 and later. Pings and the status of a refusal are not shown. */
export function nativeSocketKind(WebSocket: NativeSocketClass): SocketKind {
  return {
    seesPings: false,
    open({ url, id, secret, encoding }, listeners) {
      const events = once(listeners);
      const ws = new WebSocket(url, [subprotocolOf(encoding), credentialEntry(id, secret)]);
      const abandon = (): void => {
        events.ended(lost);
        ws.close();
      };
      const handshake = setTimeout(abandon, handshakeMs);
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
        close: (code, reason) => (ws.readyState === openState ? ws.close(code, reason) : abandon()),
        abandon,
      };
    },
  };
}

/** The package ws, passed in. */
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
      const abandon = (): void => {
        events.ended(lost);
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
        // A link that broke while something was written to it tells so by its end.
        send: (message) => ws.readyState === openState && ws.send(message, () => {}),
        close: (code, reason) => (ws.readyState === openState ? ws.close(code, reason) : abandon()),
        abandon,
      };
    },
  };
}

interface HttpAnswer {
  statusCode?: number;
  headers: Record<string, string | undefined>;
}
