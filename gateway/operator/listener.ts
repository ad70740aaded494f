/**
 * The port for operators. operator/ is what people and programs see: HTTP in http/ and routes/, the live feed in live/. What they
 * change is done by the parts that the routes call.
 */
import { credentialEntryPrefix } from '../../schemas/tables/subprotocols.js';
import { urlHost } from '../net/address.js';
import {
  type HttpRequest,
  type HttpResponse,
  openPort,
  type Port,
  type TemplatedApp,
  type us_socket_context_t,
} from '../net/uws.js';
import type { OperatorContext } from './http/context.js';
import { sendProblem, serveRoutes } from './http/http.js';
import { openApiOf } from './http/openapi.js';
import { Problem } from './http/problems.js';
import { authorize } from './http/requests.js';
import { serveConsole } from './http/staticFiles.js';
import type { Live } from './live/live.js';
import { createLiveClient, type LiveClient } from './live/liveClient.js';
import { eventsBacklogBytesMax } from './live/sending.js';
import { routes } from './routes/table.js';

export interface OperatorOptions {
  context: OperatorContext;
  live: Live;
  host: string;
  port: number;
  tls?: { certFile: string; keyFile: string };
  bodyBytesMax: number;
  /** The folder of the built console. */
  consoleFolder: string;
  /** The folder of the built API page. */
  apiPageFolder: string;
}

/** The open port. */
export interface Operator {
  /** As this machine reaches it. */
  url: string;
  port: number;
  /** Reloads the certificate. */
  renew: Port['renew'];
  /** Closes the port and all clients of the live feed. */
  close(): void;
}

const liveProtocol = 'tidegate.live.v1';

/** Opens the port that operators connect to: API, live feed, metrics, console. Throws StartError 69 if the port is in use. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { context, host, live, port, tls } = options;
  const document = JSON.stringify(openApiOf(routes, context.version));
  const socket = await openPort(tls, host, port, (app) => {
    serveRoutes(app, routes, context, options.bodyBytesMax);
    app.get('/openapi.json', (res) => {
      res.writeHeader('Content-Type', 'application/json').end(document);
    });
    serveLive(app, live, context);
    serveConsole(app, options.consoleFolder, options.apiPageFolder);
    app.any('/*', (res) => sendProblem(res, 'not_found', 'The routes are listed in /openapi.json'));
  });
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${urlHost(host)}:${socket.port}`,
    port: socket.port,
    renew: socket.renew,
    close() {
      live.stop();
      socket.close();
    },
  };
}

function serveLive(app: TemplatedApp, live: Live, context: OperatorContext): void {
  app.ws<{ client: LiveClient }>('/v1/live', {
    maxPayloadLength: 1024 * 1024,
    maxBackpressure: eventsBacklogBytesMax,
    idleTimeout: 60,
    sendPingsAutomatically: true,
    upgrade: (res, req, socket) => upgradeLive(res, req, socket, context),
    open: (ws) => live.open(ws.getUserData().client, ws),
    message: (ws, message) => live.receive(ws.getUserData().client, Buffer.from(message).toString()),
    drain: (ws) => live.drained(ws.getUserData().client),
    close: (ws) => live.closed(ws.getUserData().client),
  });
  app.any('/v1/live', (res) =>
    sendProblem(res, 'upgrade_required', 'Connect by WebSocket', undefined, { Upgrade: 'websocket' }),
  );
}

/** The key comes in the Authorization header or, from a browser, in a subprotocol entry, which is never echoed. */
function upgradeLive(res: HttpResponse, req: HttpRequest, socket: us_socket_context_t, context: OperatorContext): void {
  res.onAborted(() => {});
  try {
    const offered = req
      .getHeader('sec-websocket-protocol')
      .split(',')
      .map((entry) => entry.trim());
    const entry = offered.find((text) => text.startsWith(credentialEntryPrefix));
    const byProtocol =
      entry === undefined
        ? ''
        : `Bearer ${Buffer.from(entry.slice(credentialEntryPrefix.length), 'base64url').toString()}`;
    const key = authorize(req.getHeader('authorization') || byProtocol, 'viewer', context);
    refuseForeignOrigin(req.getHeader('origin'), req.getHeader('host'));
    const protocol = offered.includes(liveProtocol) ? liveProtocol : '';
    res.upgrade({ client: createLiveClient(key.id) }, req.getHeader('sec-websocket-key'), protocol, '', socket);
  } catch (error) {
    if (error instanceof Problem) return sendProblem(res, error.code, error.detail);
    context.log.error({ err: error }, 'a live upgrade failed inside');
    sendProblem(res, 'internal', 'See the log of the gateway');
  }
}

/** A page of another origin must not use a key that its visitor's browser has stored. Throws Problem origin_refused. */
function refuseForeignOrigin(origin: string, host: string): void {
  if (origin === '' || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw new Problem('origin_refused', `The page was loaded from ${origin} and not from this gateway`);
}
