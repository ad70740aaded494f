import WebSocket from 'ws';
import { limits } from '../../schemas/tables/limits.js';
import type { Ending } from './reconnect.js';

export interface LinkOptions {
  url: string;
  id: string;
  secret: string;
  subprotocol: string;
  localAddress?: string;
}

export interface LinkEvents {
  text(message: string): void;
  bytes(message: Uint8Array): void;
  /** The gateway's pings, which are words too. */
  pinged(): void;
  /** Exactly once; nothing follows it. */
  ended(ending: Ending): void;
}

export interface Link {
  send(message: string | Uint8Array): void;
  /** Says goodbye where there is someone to hear it. */
  close(code: number, reason: string): void;
  /** Cuts without a word. */
  terminate(): void;
  /** Reads nothing more until told otherwise: what the gateway says piles up. */
  reading(on: boolean): void;
  /** As behind a black hole: nothing arrives in either direction, and neither side is told. After it all comes, as by TCP. */
  mute(on: boolean): void;
  /** Over for the device, and open for the gateway, as after a power cut: its socket lives for so long. */
  abandon(ms: number): void;
}

const handshakeTimeoutMs = 20_000;

/** One WebSocket of a device, from its upgrade request to its end. */
export function openLink({ url, id, secret, subprotocol, localAddress }: LinkOptions, events: LinkEvents): Link {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const ws = new WebSocket(url, [subprotocol], {
    headers: { authorization },
    localAddress,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    handshakeTimeout: handshakeTimeoutMs,
    maxPayload: limits.hardFrameBytes,
  });
  let wasOpen = false;
  let ended = false;
  let wasCut = false;
  let cause = 'no connection';
  /** What was sent behind a black hole; null: there is none. */
  let held: (string | Uint8Array)[] | null = null;

  function end(ending: Ending): void {
    if (ended) return;
    ended = true;
    events.ended(ending);
  }

  function terminate(): void {
    wasCut = true;
    ws.terminate();
  }

  ws.on('open', () => {
    wasOpen = true;
  });
  ws.on('message', (data, isBinary) => {
    if (ended) return;
    if (isBinary) events.bytes(data as Buffer);
    else events.text(data.toString());
  });
  ws.on('ping', () => events.pinged());
  ws.on('unexpected-response', (request, response) => {
    const after = response.headers['retry-after'] ?? '';
    end({
      kind: 'refused',
      status: response.statusCode ?? 0,
      retryAfterSeconds: /^\d{1,6}$/.test(after) ? Number(after) : null,
    });
    request.destroy();
  });
  ws.on('error', (error: NodeJS.ErrnoException) => {
    cause = error.code ?? (wasCut && !wasOpen ? 'cut while connecting' : error.message);
  });
  ws.on('close', (code, reason) =>
    end(wasOpen ? { kind: 'close', code, reason: reason.toString() } : { kind: 'failed', cause }),
  );

  return {
    send(message) {
      if (held === null) ws.send(message, ignoreSendError);
      else held.push(message);
    },
    close(code, reason) {
      if (ws.readyState === WebSocket.OPEN) ws.close(code, reason);
      else terminate();
    },
    terminate,
    reading(on) {
      if (on) ws.resume();
      else ws.pause();
    },
    mute(on) {
      const waiting = held ?? [];
      held = on ? waiting : null;
      if (on) return ws.pause();
      for (const message of waiting) ws.send(message, ignoreSendError);
      ws.resume();
    },
    abandon(ms) {
      ws.pause();
      setTimeout(() => ws.terminate(), ms).unref();
      end({ kind: 'failed', cause: 'abandoned' });
    },
  };
}

/** A link that broke while something was written to it tells so by its end. */
function ignoreSendError(): void {}
