import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';
import uws from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import { createRequire } from 'node:module';
import { addressText } from '../net/address.js';
import { ambiguousLength, type LengthFields, lengthFault } from './lengthFault.js';
import { freePort, portTaken } from './portTaken.js';
import { readTls } from './tls.js';
import type {
  Answer,
  Cut,
  Port,
  PortOptions,
  Request,
  Response,
  Sent,
  Socket,
  Sockets,
  TlsFiles,
  Transport,
} from './transport.js';

/** This is the only module that imports uWebSockets.js: by default import, because named imports type-check but fail at run time. */
const { App, SSLApp } = uws;

// Answers carry no banner header. This must be set before the first app is made.
(uws as unknown as { _cfg(option: string): void })._cfg('silent');

/** Not in the typings: uWebSockets.js exports it for `listen`, so that a port is never shared with another process. */
const exclusivePort = (uws as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: number }).LIBUS_LISTEN_EXCLUSIVE_PORT;
type Listen = (host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void) => void;

/** Not in the typings: called for each connection before anything is read from it, and with -1 after its end. */
type Filter = (handler: (res: HttpResponse, change: 1 | -1) => void) => void;

export const transport: Transport = {
  name: 'uws',
  version: (createRequire(import.meta.url)('uWebSockets.js/package.json') as { version: string }).version,
  open: openPort,
};

/**
 * A port that one app after the other serves. uWebSockets.js cannot give a listening app another certificate, so a new app listens
 * beside the old one, and then the old one stops listening; its open connections stay open. This needs a shared port, so a free
 * one is looked for first. Without TLS there is nothing to renew, and the port is exclusive.
 */
async function openPort<Held extends object>(options: PortOptions<Held>): Promise<Port> {
  const { host, port, tls } = options;
  const make = (files: TlsFiles | undefined): TemplatedApp => {
    const app = createApp(files);
    serve(app, options);
    return app;
  };
  const apps = [make(tls)];
  const shared = tls !== undefined;
  const number = shared ? await freePort(host, port) : port;
  let listening = await listen(apps[0], host, number, shared);
  return {
    port: listening.port,
    renew(files) {
      const app = make(files);
      return async () => {
        const next = await listen(app, host, listening.port, shared);
        listening.close();
        listening = next;
        apps.push(app);
      };
    },
    stopListening: () => listening.close(),
    close() {
      listening.close();
      for (const app of apps) app.close();
    },
  };
}

function createApp(tls: TlsFiles | undefined): TemplatedApp {
  if (tls === undefined) return App();
  // uWebSockets.js does not report what is wrong with a certificate; Node does.
  readTls(tls);
  return SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile });
}

interface Listening {
  port: number;
  /** Stops listening. uWebSockets.js does not survive a second call, or a call after the app's own close. */
  close(): void;
}

function listen(app: TemplatedApp, host: string, port: number, shared: boolean): Promise<Listening> {
  return new Promise((resolve, reject) => {
    (app.listen as unknown as Listen).call(app, host, port, shared ? 0 : exclusivePort, (socket) => {
      if (socket === false) return void portTaken(host, port).then(reject);
      let open = true;
      resolve({
        port: uws.us_socket_local_port(socket),
        close() {
          if (open) uws.us_listen_socket_close(socket);
          open = false;
        },
      });
    });
  });
}

/** uWebSockets.js copies the fields of an object that it is given, so what a socket belongs to is held by one field. */
interface Data<Held> {
  held: Held;
}

function serve<Held extends object>(app: TemplatedApp, options: PortOptions<Held>): void {
  const { admit, sockets, request } = options;
  if (admit !== undefined)
    (app as unknown as { filter: Filter }).filter((res, change) => {
      if (change === 1 && !admit(addressText(res.getRemoteAddress()))) res.close();
    });
  app.ws<Data<Held>>('/*', {
    maxPayloadLength: sockets.messageBytesMax,
    maxBackpressure: sockets.queuedBytesMax,
    idleTimeout: sockets.silenceSeconds,
    sendPingsAutomatically: sockets.pings,
    upgrade: (res, req, context) => {
      const fault = lengthFault(lengthFieldsOf(req));
      if (fault !== null) refuseLength(fault, responseTo(req, res));
      else if (sockets.isPath(req.getUrl())) upgrade(res, req, context, sockets);
      else request(new UwsRequest(req, res), responseTo(req, res));
    },
    open: (ws) => sockets.opened(ws.getUserData().held, new UwsSocket(ws)),
    message: (ws, message, isBinary) => sockets.message(ws.getUserData().held, new Uint8Array(message), isBinary),
    ping: (ws) => sockets.ping?.(ws.getUserData().held),
    pong: (ws) => sockets.pong?.(ws.getUserData().held),
    drain: (ws) => sockets.drained?.(ws.getUserData().held),
    close(ws, code, message) {
      const reason = Buffer.from(message).toString();
      const cut = code === 1006 && Object.hasOwn(cuts, reason) ? cuts[reason] : null;
      sockets.closed(ws.getUserData().held, { code, reason: code === 1006 ? '' : reason, cut });
    },
  });
  app.any('/*', (res, req) => {
    const fault = lengthFault(lengthFieldsOf(req));
    if (fault !== null) refuseLength(fault, responseTo(req, res));
    else request(new UwsRequest(req, res), responseTo(req, res));
  });
}

/**
 * Answers in a later turn. uWebSockets.js goes on to read what came with the request in one piece, even if the answer ends the
 * connection; if there is another request in it and the answer is still to come, it ends the connection at once.
 */
function refuseLength(fault: string, response: UwsResponse): void {
  setImmediate(() => response.answer(ambiguousLength(fault)));
}

function lengthFieldsOf(req: HttpRequest): LengthFields {
  const contentLengths: string[] = [];
  const transferEncodings: string[] = [];
  req.forEach((key, value) => {
    if (key === 'content-length') contentLengths.push(value);
    else if (key === 'transfer-encoding') transferEncodings.push(value);
  });
  return { contentLengths, transferEncodings };
}

const responseTo = (req: HttpRequest, res: HttpResponse): UwsResponse =>
  new UwsResponse(res, req.getCaseSensitiveMethod() === 'HEAD');

/**
 * A text in UTF-8. uWebSockets.js gets no strings that may hold other than ASCII, because its binary for Node 24 sends them in Latin-1:
 * a client then cuts the link for text that is not UTF-8.
 */
const utf8 = (text: string | Uint8Array): Uint8Array => (typeof text === 'string' ? Buffer.from(text) : text);

/** The reasons that uWebSockets.js gives for links that it has cut. It gives none for other breaches of the protocol. */
const cuts: Record<string, Cut> = {
  'WebSocket timed out from inactivity': 'silent',
  'Received invalid UTF-8': 'invalid_utf8',
  'Received too big message': 'message_too_large',
};

/** The handshake is answered inside this call: uWebSockets.js cuts a share of the links whose handshake is answered later. */
function upgrade<Held extends object>(
  res: HttpResponse,
  req: HttpRequest,
  context: us_socket_context_t,
  sockets: Sockets<Held>,
): void {
  const decided = sockets.upgrade(new UwsRequest(req, res));
  if (!('held' in decided)) return responseTo(req, res).answer(decided);
  const { held, subprotocol } = decided;
  res.onAborted(() => {});
  res.upgrade<Data<Held>>({ held }, req.getHeader('sec-websocket-key'), subprotocol, '', context);
}

class UwsRequest implements Request {
  constructor(
    private readonly req: HttpRequest,
    private readonly res: HttpResponse,
  ) {}

  get method(): string {
    return this.req.getCaseSensitiveMethod();
  }

  get path(): string {
    return this.req.getUrl();
  }

  get query(): string {
    return this.req.getQuery() ?? '';
  }

  get peer(): string {
    return addressText(this.res.getRemoteAddress());
  }

  header(name: string): string {
    return this.req.getHeader(name);
  }

  list(name: string): string {
    const values: string[] = [];
    this.req.forEach((key, value) => {
      if (key === name) values.push(value);
    });
    return values.join(', ');
  }
}

/** uWebSockets.js ends the process if a response is used after its client has disconnected, so every function checks that first. */
class UwsResponse implements Response {
  gone = false;
  #wake = (): void => {};

  /** `isHead`: the answer has no body (RFC 9110, section 9.3.2). */
  constructor(
    private readonly res: HttpResponse,
    private readonly isHead: boolean,
  ) {
    res.onAborted(() => {
      this.gone = true;
      this.#wake();
    });
  }

  answer({ status, headers, body, closes = false }: Answer): void {
    if (this.gone) return;
    this.gone = true;
    const bytes = utf8(body ?? '');
    this.res.cork(() => {
      this.#head(status, headers);
      // endWithoutBody takes a length too, and then cuts the next request on the connection.
      if (this.isHead) this.res.writeHeader('Content-Length', String(bytes.length)).endWithoutBody();
      else if (body === null && !closes) this.res.endWithoutBody();
      else if (closes) this.res.end(bytes, true);
      else this.#sendBody(bytes);
    });
  }

  /**
   * Sends as much as the client reads, and the rest as it goes on reading. Meanwhile the answer is not complete, and uWebSockets.js
   * ends a connection that asks for more: so a client that asks and does not read gets no memory beyond one answer.
   */
  #sendBody(bytes: Uint8Array): void {
    const [, done] = this.res.tryEnd(bytes, bytes.length);
    if (done) return;
    this.res.onWritable((offset) => {
      const [taken] = this.res.tryEnd(bytes.subarray(offset), bytes.length);
      return taken;
    });
  }

  readBody(bytesMax: number, done: (body: Buffer | null) => void): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let over = false;
    this.res.onData((chunk, isLast) => {
      if (over || this.gone) return;
      bytes += chunk.byteLength;
      over = bytes > bytesMax;
      if (over) return done(null);
      chunks.push(Buffer.from(new Uint8Array(chunk)));
      if (isLast) done(Buffer.concat(chunks));
    });
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.gone) return;
    this.res.onWritable(() => {
      this.#wake();
      return true;
    });
    this.res.cork(() => {
      this.#head(status, headers);
      if (this.isHead) this.res.endWithoutBody();
    });
    this.gone = this.isHead;
  }

  write(piece: string | Uint8Array): boolean {
    let taken = true;
    if (!this.gone)
      this.res.cork(() => {
        taken = this.res.write(utf8(piece));
      });
    return taken;
  }

  writable(): Promise<void> {
    if (this.gone) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  end(): void {
    if (!this.gone) this.res.cork(() => this.res.end());
    this.gone = true;
  }

  abort(): void {
    if (!this.gone) this.res.close();
  }

  #head(status: number, headers: Readonly<Record<string, string>>): void {
    this.res.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Status'}`);
    for (const [name, value] of Object.entries(headers)) this.res.writeHeader(name, value);
  }
}

/** By uWebSockets.js' return values of `send`. */
const sentBy: readonly Sent[] = ['queued', 'sent', 'dropped'];

class UwsSocket implements Socket {
  constructor(private readonly ws: WebSocket<unknown>) {}

  send(message: string | Uint8Array): Sent {
    return sentBy[this.ws.send(utf8(message), typeof message !== 'string')];
  }

  queuedBytes(): number {
    return this.ws.getBufferedAmount();
  }

  ping(): void {
    this.ws.ping();
  }

  together(work: () => void): void {
    this.ws.cork(work);
  }

  end(code: number, reason: string): void {
    this.ws.end(code, utf8(reason));
  }
}
