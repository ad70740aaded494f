import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { ambiguousLength, type LengthFields, lengthFault } from './lengthFault.js';
import { PortTakenError } from './portTaken.js';
import { readTls } from './tls.js';
import type { Port, PortOptions, Sockets, TlsFiles, Transport } from './transport.js';
import { peerOf, WsRequest, WsResponse } from './wsHttp.js';
import { closeTimeoutMs, HeldWebSocket, WsSocket } from './wsSocket.js';

export const transport: Transport = {
  name: 'ws',
  version: (createRequire(import.meta.url)('ws/package.json') as { version: string }).version,
  open: openPort,
};

/** How long a request's head may take, and how long a kept connection may wait for the next request. As in uWebSockets.js. */
const idleMs = 10_000;
const requestMs = 60_000;
/** Connections that wait to be accepted. The system may allow fewer (net.core.somaxconn). */
const backlog = 4_096;
const checkEveryMs = 1_000;
/** A client that asks for more while so many answers wait for it is disconnected, or answers that it does not read would pile up. */
const waitingAnswersMax = 32;

async function openPort<Held extends object>(options: PortOptions<Held>): Promise<Port> {
  const { host, port, tls, admit, sockets, request } = options;
  const server = createHttpServer(tls);
  const open = new Set<WsSocket<Held>>();
  const upgrades = createUpgrades(options, open);
  server.on('connection', (socket: TcpSocket) => {
    if (admit !== undefined && !admit(peerOf(socket))) socket.destroy();
  });
  const waiting = new WeakMap<TcpSocket, number>();
  server.on('request', (req, res) => {
    const before = waiting.get(req.socket) ?? 0;
    if (before >= waitingAnswersMax) return void req.socket.destroy();
    waiting.set(req.socket, before + 1);
    res.on('close', () => waiting.set(req.socket, (waiting.get(req.socket) ?? 1) - 1));
    const fault = lengthFault(lengthFieldsOf(req));
    if (fault !== null) new WsResponse(req, res).answer(ambiguousLength(fault));
    else request(new WsRequest(req), new WsResponse(req, res));
  });
  server.on('upgrade', upgrades);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerUnreadable(error.code ?? '', socket));
  const checks = setInterval(() => {
    const now = performance.now();
    for (const socket of open) socket.check(now, sockets.silenceSeconds * 1000);
  }, checkEveryMs);
  checks.unref();
  const number = await listen(server, host, port).catch((error: unknown) => {
    clearInterval(checks);
    throw error;
  });
  return {
    port: number,
    renew(files) {
      if (files === undefined) return async () => {};
      const read = readTls(files);
      return async () => (server as TlsServer).setSecureContext(read);
    },
    stopListening: () => void server.close(),
    close() {
      clearInterval(checks);
      server.close();
      server.closeAllConnections();
      for (const socket of [...open]) socket.release();
    },
  };
}

function createHttpServer(tls: TlsFiles | undefined): Server | TlsServer {
  const limits = {
    headersTimeout: idleMs,
    keepAliveTimeout: idleMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkEveryMs,
  };
  if (tls === undefined) return createServer(limits);
  return createTlsServer({ ...limits, ...readTls(tls), handshakeTimeout: idleMs });
}

/** Listens on a port that no other socket has. Throws PortTakenError. */
function listen(server: Server | TlsServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new PortTakenError(host, port, error.code ?? '')));
    server.listen({ host, port, backlog, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** The status of the answer to a request that Node gave up, by the code of its error. Others are no HTTP. */
const unreadable: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** A request that Node gave up gets a short answer, as far as its connection still takes one. */
function answerUnreadable(code: string, socket: Duplex): void {
  const status = unreadable[code] ?? 400;
  if (socket.writable)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  else socket.destroy();
}

/** What happens to a request with an Upgrade header. */
function createUpgrades<Held extends object>(
  { sockets, request }: PortOptions<Held>,
  open: Set<WsSocket<Held>>,
): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: sockets.messageBytesMax,
    autoPong: false,
    closeTimeout: closeTimeoutMs,
    WebSocket: HeldWebSocket,
  } as ConstructorParameters<typeof WebSocketServer>[0]);
  return (req, stream, head) => {
    const socket = stream as TcpSocket;
    const asked = new WsRequest(req);
    const fault = lengthFault(lengthFieldsOf(req));
    if (fault !== null) return plainResponse(req, socket).answer(ambiguousLength(fault));
    if (!sockets.isPath(asked.path)) return request(asked, plainResponse(req, socket));
    const decided = sockets.upgrade(asked);
    if (!('held' in decided)) return plainResponse(req, socket).answer({ ...decided, closes: true });
    // ws would check the whole offer again, and refuse what is allowed here. It echoes the only entry that it sees.
    if (decided.subprotocol === '') delete req.headers['sec-websocket-protocol'];
    else req.headers['sec-websocket-protocol'] = decided.subprotocol;
    server.handleUpgrade(req, socket, head, (ws) => accept(ws as HeldWebSocket, socket, decided.held, sockets, open));
  };
}

function accept<Held extends object>(
  ws: HeldWebSocket,
  tcp: TcpSocket,
  held: Held,
  sockets: Sockets<Held>,
  open: Set<WsSocket<Held>>,
): void {
  const socket = new WsSocket(ws, tcp, held, sockets, () => open.delete(socket));
  open.add(socket);
  sockets.opened(held, socket);
}

const lengthFieldsOf = ({ headersDistinct }: IncomingMessage): LengthFields => ({
  contentLengths: headersDistinct['content-length'] ?? [],
  transferEncodings: headersDistinct['transfer-encoding'] ?? [],
});

/** The response to a request that Node took for an upgrade and that is none. Its connection ends with the answer. */
function plainResponse(req: IncomingMessage, socket: TcpSocket): WsResponse {
  socket.on('error', () => socket.destroy());
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.on('finish', () => socket.destroySoon());
  return new WsResponse(req, res);
}
