import type { Socket as TcpSocket } from 'node:net';
import { WebSocket } from 'ws';
import type { Cut, Ending, Sent, Socket, Sockets } from './transport.js';

/** How long a peer may take to answer a Close frame, and to read what waits before it. */
export const closeTimeoutMs = 10_000;

/** Bytes that may wait before pongs are left out. A peer that floods with pings and reads nothing gets no more of them. */
const pongBacklogBytesMax = 64 * 1024;

/** Knows its socket, so that all sockets share the listeners and an idle link needs less memory. */
export class HeldWebSocket extends WebSocket {
  held: WsSocket<object> | null = null;
}

export class WsSocket<Held extends object> implements Socket {
  #isOpen = true;
  /** Bytes that had arrived when `check` last saw new ones, and when that was (monotonic ms). */
  #heardBytes = 0;
  #heardAt = performance.now();
  #pinged = false;

  /** `left` is called when the connection is closed, which is later than the end of the link if the peer does not answer its Close. */
  constructor(
    private readonly ws: HeldWebSocket,
    private readonly tcp: TcpSocket,
    private readonly heldValue: Held,
    private readonly sockets: Sockets<Held>,
    private readonly left: () => void,
  ) {
    ws.held = this as unknown as WsSocket<object>;
    ws.on('message', onMessage).on('ping', onPing).on('pong', onPong).on('close', onClose).on('error', onError);
    if (sockets.drained !== undefined) tcp.on('drain', () => this.#isOpen && sockets.drained?.(heldValue));
  }

  /** The message is copied, because Node may send it after this call. */
  send(message: string | Uint8Array): Sent {
    if (this.ws.bufferedAmount > this.sockets.queuedBytesMax) return 'dropped';
    if (typeof message === 'string') this.ws.send(message);
    else this.ws.send(Buffer.from(message));
    return this.ws.bufferedAmount === 0 ? 'sent' : 'queued';
  }

  queuedBytes(): number {
    return this.ws.bufferedAmount;
  }

  ping(): void {
    if (this.ws.bufferedAmount <= this.sockets.queuedBytesMax) this.ws.ping();
  }

  together(work: () => void): void {
    this.tcp.cork();
    try {
      work();
    } finally {
      this.tcp.uncork();
    }
  }

  end(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.ws.close(code, reason);
    this.ended({ code, reason, cut: null });
  }

  /** Ends the link without a Close frame. */
  cut(cut: Cut | null): void {
    this.ws.terminate();
    this.ended({ code: 1006, reason: '', cut });
  }

  /** Ends the link and its connection. What waits is sent first if a Close frame is among it. */
  release(): void {
    if (this.#isOpen) this.cut(null);
    else this.tcp.destroySoon();
  }

  /** Cuts the link if it is silent for too long, and pings it before that if it is to be pinged. To be called about once per second. */
  check(now: number, silenceMs: number): void {
    const { bytesRead } = this.tcp;
    if (!this.#isOpen) return;
    if (bytesRead !== this.#heardBytes) {
      this.#heardBytes = bytesRead;
      this.#heardAt = now;
      this.#pinged = false;
      return;
    }
    const silentMs = now - this.#heardAt;
    if (silenceMs === 0) return;
    if (silentMs >= silenceMs) return this.cut('silent');
    if (!this.sockets.pings || this.#pinged || silentMs < silenceMs / 2) return;
    this.#pinged = true;
    this.ping();
  }

  received(message: Buffer, isBinary: boolean): void {
    if (this.#isOpen) this.sockets.message(this.heldValue, message, isBinary);
  }

  /** Answers here, because ws cuts a link whose pings come faster than its pongs leave, before anybody can close it with a reason. */
  pinged(data: Buffer): void {
    if (!this.#isOpen) return;
    if (this.ws.bufferedAmount <= pongBacklogBytesMax) this.ws.pong(data);
    this.sockets.ping?.(this.heldValue);
  }

  ponged(): void {
    if (this.#isOpen) this.sockets.pong?.(this.heldValue);
  }

  /** The connection is closed; after this nothing is left of it. */
  closed(code: number, reason: string): void {
    this.left();
    this.ended({ code, reason, cut: null });
  }

  ended(ending: Ending): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.sockets.closed(this.heldValue, ending);
  }
}

function onMessage(this: WebSocket, message: unknown, isBinary: boolean): void {
  (this as HeldWebSocket).held?.received(message as Buffer, isBinary);
}

function onPing(this: WebSocket, data: Buffer): void {
  (this as HeldWebSocket).held?.pinged(data);
}

function onPong(this: WebSocket): void {
  (this as HeldWebSocket).held?.ponged();
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  (this as HeldWebSocket).held?.closed(code, reason.toString());
}

/** ws has sent the Close frame that the RFC wants (1002, 1007, 1009), or the connection broke. */
function onError(this: WebSocket, error: Error & { code?: string }): void {
  (this as HeldWebSocket).held?.ended({ code: 1006, reason: '', cut: cutBy(error.code ?? '') });
}

function cutBy(code: string): Cut | null {
  if (code === 'WS_ERR_INVALID_UTF8') return 'invalid_utf8';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'message_too_large';
  return code.startsWith('WS_ERR_') ? 'protocol_error' : null;
}
