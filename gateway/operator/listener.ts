/**
 * The port for operators. operator/ is what people and programs see: HTTP in http/ and routes/, the live feed in live/. What they
 * change is done by the parts that the routes call.
 */
import { credentialEntryPrefix } from '../../schemas/tables/subprotocols.js';
import { urlHost } from '../net/address.js';
import { handshakeFault } from '../transport/handshakeFault.js';
import type { Answer, Port, Request, TlsFiles, Transport, Upgraded } from '../transport/transport.js';
import type { OperatorContext } from './http/context.js';
import { addRoutes, dispatch, problemAnswer } from './http/http.js';
import { openApiOf } from './http/openapi.js';
import { Problem } from './http/problems.js';
import { authorize } from './http/requests.js';
import { Router } from './http/router.js';
import { addConsole } from './http/staticFiles.js';
import type { Live } from './live/live.js';
import { createLiveClient, type LiveClient } from './live/liveClient.js';
import { eventsBacklogBytesMax } from './live/sending.js';
import { routes } from './routes/table.js';

export interface OperatorOptions {
  transport: Transport;
  context: OperatorContext;
  live: Live;
  host: string;
  port: number;
  tls?: TlsFiles;
  bodyBytesMax: number;
  /** Origins whose pages may open the live feed beside that of the gateway's own URL (operator.allowedOrigins). */
  allowedOrigins: readonly string[];
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

const livePath = '/v1/live';

/** Opens the port that operators connect to: API, live feed, metrics, console. Throws StartError 69 if the port is in use. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { host, live, port, tls } = options;
  const router = createRouter(options);
  const socket = await options.transport.open<LiveClient>({
    host,
    port,
    tls,
    sockets: {
      isPath: (path) => path === livePath,
      messageBytesMax: 1024 * 1024,
      queuedBytesMax: eventsBacklogBytesMax,
      silenceSeconds: 60,
      pings: true,
      upgrade: (request) => upgradeLive(request, options),
      opened: live.open,
      message: (client, message) => live.receive(client, Buffer.from(message).toString()),
      drained: live.drained,
      closed: live.closed,
    },
    request: (request, response) => dispatch(router, request, response),
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

function createRouter(options: OperatorOptions): Router {
  const { context, bodyBytesMax, consoleFolder, apiPageFolder } = options;
  const router = new Router();
  addRoutes(router, routes, context, bodyBytesMax);
  const document = JSON.stringify(openApiOf(routes, context.version));
  const headers = { 'Content-Type': 'application/json' };
  router.add('GET', '/openapi.json', (_, response) => response.answer({ status: 200, headers, body: document }));
  router.add('GET', livePath, (request, response) => response.answer(answerPlain(request, options)));
  addConsole(
    router,
    consoleFolder,
    apiPageFolder,
    context.mapTiles === null ? null : new URL(context.mapTiles.url).origin,
  );
  return router;
}

const connectByWebSocket = problemAnswer('upgrade_required', 'This path accepts WebSocket connections only', {
  Upgrade: 'websocket',
});

/** The key comes in the Authorization header or, from a browser, in a subprotocol entry, which is never echoed. */
function upgradeLive(
  request: Request,
  { context, live, allowedOrigins }: Pick<OperatorOptions, 'context' | 'live' | 'allowedOrigins'>,
): Upgraded<LiveClient> | Answer {
  try {
    const offered = request
      .list('sec-websocket-protocol')
      .split(',')
      .map((entry) => entry.trim());
    const entry = offered.find((text) => text.startsWith(credentialEntryPrefix));
    const byProtocol =
      entry === undefined
        ? ''
        : `Bearer ${Buffer.from(entry.slice(credentialEntryPrefix.length), 'base64url').toString()}`;
    const key = authorize(request.header('authorization') || byProtocol, 'viewer', context);
    refuseForeignOrigin(request.header('origin'), request.header('host'), allowedOrigins);
    if (!isHandshake(request)) return connectByWebSocket;
    refuseTooMany(key.id, live);
    return { held: createLiveClient(key.id), subprotocol: offered.includes(liveProtocol) ? liveProtocol : '' };
  } catch (error) {
    return refusalFor(error, context);
  }
}

/**
 * The answer to a request for the live feed that is no upgrade. A browser does not show its page why a WebSocket was refused, so the page
 * may ask here with `?origin=`, its own origin, and gets the problem that it would get.
 */
function answerPlain(
  request: Request,
  { context, live, allowedOrigins }: Pick<OperatorOptions, 'context' | 'live' | 'allowedOrigins'>,
): Answer {
  const origin = new URLSearchParams(request.query).get('origin');
  if (origin === null) return connectByWebSocket;
  try {
    const key = authorize(request.header('authorization'), 'viewer', context);
    refuseForeignOrigin(origin, request.header('host'), allowedOrigins);
    refuseTooMany(key.id, live);
    return connectByWebSocket;
  } catch (error) {
    return refusalFor(error, context);
  }
}

/** Throws Problem too_many_live_clients. */
function refuseTooMany(key: string, live: Live): void {
  const refusal = live.refusal(key);
  if (refusal !== null) throw new Problem('too_many_live_clients', refusal);
}

function refusalFor(error: unknown, context: OperatorContext): Answer {
  if (error instanceof Problem)
    return problemAnswer(
      error.code,
      error.detail,
      error.code === 'too_many_live_clients' ? { 'Retry-After': '10' } : {},
    );
  context.log.error({ err: error }, 'a live upgrade failed inside');
  return problemAnswer('internal', 'The gateway failed at this request');
}

function isHandshake(request: Request): boolean {
  const upgrade = request.method === 'GET' ? request.header('upgrade') : '';
  const [version, key] = [request.header('sec-websocket-version'), request.header('sec-websocket-key')];
  return handshakeFault({ upgrade, version, key }) === null;
}

/** A page of another origin must not use a key that its visitor's browser has stored. Throws Problem origin_refused. */
function refuseForeignOrigin(origin: string, host: string, allowed: readonly string[]): void {
  if (origin === '') return;
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url !== null && (url.host === host || allowed.some((one) => new URL(one).origin === url.origin))) return;
  throw new Problem(
    'origin_refused',
    `The page is of ${origin}, but the request came for the Host ${host}. Let the proxy pass on the header Host, or add ${origin} to operator.allowedOrigins.`,
  );
}
