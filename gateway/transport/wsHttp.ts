import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer, Request, Response } from './transport.js';

/** A client that reads nothing for this time is disconnected. As in uWebSockets.js. */
const stuckMs = 10_000;

/** The IP address of the other end (RFC 5952). IPv4 in IPv6 is written as IPv4. Empty if the connection has ended. */
export function peerOf({ remoteAddress = '' }: Socket): string {
  const [address] = remoteAddress.split('%');
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

export class WsRequest implements Request {
  readonly path: string;
  readonly query: string;

  constructor(private readonly req: IncomingMessage) {
    const url = req.url ?? '';
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? '' : url.slice(mark + 1);
  }

  get method(): string {
    return this.req.method ?? '';
  }

  get peer(): string {
    return peerOf(this.req.socket);
  }

  header(name: string): string {
    return this.req.headersDistinct[name]?.[0] ?? '';
  }

  list(name: string): string {
    return this.req.headersDistinct[name]?.join(', ') ?? '';
  }
}

export class WsResponse implements Response {
  gone = false;
  #wake = (): void => {};

  constructor(
    private readonly req: IncomingMessage,
    private readonly res: ServerResponse,
  ) {
    res.on('close', () => {
      this.gone = true;
      this.#wake();
    });
    res.on('error', () => res.destroy());
  }

  answer({ status, headers, body, closes = false }: Answer): void {
    if (this.gone) return;
    this.gone = true;
    this.res.statusCode = status;
    for (const [name, value] of Object.entries(headers)) this.res.setHeader(name, value);
    if (closes) this.res.setHeader('Connection', 'close');
    // Node leaves it out where there is no body to count.
    if (this.req.method === 'HEAD') this.res.setHeader('Content-Length', Buffer.byteLength(body ?? ''));
    this.res.setTimeout(stuckMs);
    this.res.end(body ?? undefined);
  }

  readBody(bytesMax: number, done: (body: Buffer | null) => void): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // A request with an Upgrade header that is no handshake: Node does not read its body.
    if ((this.req as IncomingMessage & { upgrade?: boolean }).upgrade) return done(Buffer.alloc(0));
    this.req.on('data', (chunk: Buffer) => {
      if (bytes > bytesMax) return;
      bytes += chunk.length;
      if (bytes > bytesMax) return done(null);
      chunks.push(chunk);
    });
    this.req.on('end', () => {
      if (bytes <= bytesMax) done(Buffer.concat(chunks));
    });
    this.req.on('error', () => this.res.destroy());
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.gone) return;
    this.res.writeHead(status, headers).flushHeaders();
    this.res.on('drain', () => this.#wake());
  }

  write(piece: string | Uint8Array): boolean {
    return this.gone || this.res.write(piece);
  }

  async writable(): Promise<void> {
    if (this.gone || !this.res.writableNeedDrain) return;
    this.res.setTimeout(stuckMs);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.res.setTimeout(0);
  }

  end(): void {
    if (this.gone) return;
    this.gone = true;
    this.res.setTimeout(stuckMs);
    this.res.end();
  }

  abort(): void {
    this.res.destroy();
  }
}
