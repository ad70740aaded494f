import WebSocket from 'ws';
import type { Ending } from '../../clients/js/core/reconnect.js';
import type { Link as SessionLink } from '../../clients/js/core/session.js';
import { limits } from '../../schemas/tables/limits.js';

/** With what a link is opened. */
export interface LinkOptions {
  url: string;
  id: string;
  secret: string;
  subprotocol: string;
  localAddress?: string;
}

/** What a link reports. */
export interface LinkEvents {
  text(message: string): void;
  bytes(message: Uint8Array): void;
  pinged(): void;
  /** Called exactly once; no other event follows. */
  ended(ending: Ending): void;
}

/** A link, with what simulated faults do to it. */
export interface Link extends SessionLink {
  send(message: string | Uint8Array): void;
  /** False: reads nothing more, so that what the gateway sends piles up. True: reads again. */
  reading(on: boolean): void;
  /** True: nothing arrives in either direction, and neither side notices. False: everything arrives, late. */
  mute(on: boolean): void;
  /** The link ends for the device and stays open for the gateway, as after a power cut. Its socket lives for this time. */
  halfOpen(ms: number): void;
}

const handshakeTimeoutMs = 20_000;

/** Opens one WebSocket of a device. */
export function openLink(options: LinkOptions, events: LinkEvents): Link {
  return new WsLink(options, events);
}

class WsLink implements Link {
  readonly #ws: WebSocket;
  readonly #events: LinkEvents;
  #wasOpen = false;
  #hasEnded = false;
  #wasDropped = false;
  /** Why no connection was made. */
  #cause = 'no connection';
  /** What was sent while the link was mute. Null: it is not mute. */
  #held: (string | Uint8Array)[] | null = null;

  constructor({ url, id, secret, subprotocol, localAddress }: LinkOptions, events: LinkEvents) {
    this.#events = events;
    this.#ws = new WebSocket(url, [subprotocol], {
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      localAddress,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: handshakeTimeoutMs,
      maxPayload: limits.hardFrameBytes,
    });
    this.#listen();
  }

  send(message: string | Uint8Array): void {
    if (this.#held === null) this.#ws.send(message, ignoreSendError);
    else this.#held.push(message);
  }

  close(code: number, reason: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.close(code, reason);
    else this.drop();
  }

  drop(): void {
    this.#wasDropped = true;
    this.#ws.terminate();
  }

  reading(on: boolean): void {
    if (on) this.#ws.resume();
    else this.#ws.pause();
  }

  mute(on: boolean): void {
    const held = this.#held ?? [];
    this.#held = on ? held : null;
    if (on) return this.#ws.pause();
    for (const message of held) this.#ws.send(message, ignoreSendError);
    this.#ws.resume();
  }

  halfOpen(ms: number): void {
    this.#ws.pause();
    setTimeout(() => this.#ws.terminate(), ms).unref();
    this.#end({ kind: 'failed', cause: 'abandoned' });
  }

  #listen(): void {
    const { text, bytes, pinged } = this.#events;
    this.#ws.on('open', () => {
      this.#wasOpen = true;
    });
    this.#ws.on('message', (data, isBinary) => {
      if (this.#hasEnded) return;
      if (isBinary) bytes(data as Buffer);
      else text(data.toString());
    });
    this.#ws.on('ping', pinged);
    this.#ws.on('unexpected-response', (request, response) => {
      const after = response.headers['retry-after'] ?? '';
      const retryAfterSeconds = /^\d{1,6}$/.test(after) ? Number(after) : 0;
      this.#end({ kind: 'refused', status: response.statusCode ?? 0, retryAfterSeconds });
      request.destroy();
    });
    this.#ws.on('error', (error: NodeJS.ErrnoException) => {
      const wasCut = this.#wasDropped && !this.#wasOpen;
      this.#cause = error.code ?? (wasCut ? 'cut while connecting' : error.message);
    });
    this.#ws.on('close', (code, reason) =>
      this.#end(
        this.#wasOpen ? { kind: 'closed', code, reason: reason.toString() } : { kind: 'failed', cause: this.#cause },
      ),
    );
  }

  #end(ending: Ending): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#events.ended(ending);
  }
}

/** If the socket breaks during a write, its end reports that. */
function ignoreSendError(): void {}
