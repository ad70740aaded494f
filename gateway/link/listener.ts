import type { Logger } from 'pino';
import { limits } from '../../schemas/limits.js';
import { type RefusalCode, refusals } from '../../schemas/refusals.js';
import type { Clock } from '../clock.js';
import { type Counters, countBy } from '../counters.js';
import {
  App,
  type HttpRequest,
  type HttpResponse,
  listen,
  SSLApp,
  type TemplatedApp,
  type us_socket_context_t,
} from '../uws.js';
import { addressText } from './address.js';
import type { Refused } from './attempts.js';
import { claimedId, withoutSecrets } from './credentials.js';
import {
  type Accepted,
  type HandshakeOptions,
  type Hello,
  judgeHandshake,
  offeredIn,
  type Refusal,
} from './handshake.js';
import type { Link } from './link.js';
import type { Links } from './links.js';

export interface DeviceListenerOptions extends HandshakeOptions {
  host: string;
  port: number;
  tls?: { certFile: string; keyFile: string };
  backlogBytesMax: number;
  clock: Clock;
  log: Logger;
  counters: Counters;
  links: Links;
  makeLink(accepted: Accepted, address: string): Link;
  refused(attempt: Refused): void;
  /** The link is open and in `links`: say welcome. */
  opened(link: Link): void;
  receive(link: Link, message: ArrayBuffer, isBinary: boolean): void;
  /** Seconds for Retry-After, drawn at random so that a fleet does not come back at once. */
  retryAfterSeconds(): number;
}

export interface DeviceListener {
  port: number;
  /** Takes no more connections; links stay. */
  stopListening(): void;
  close(): void;
}

/** Links are asked every keepaliveSeconds for a sign of life, and looked at every second: a share of them four times a second. */
const roundEveryMs = 250;
const checkEveryMs = 1_000;

/** The port that devices connect to. Throws StartError 69 where it is taken. */
export async function listenForDevices(options: DeviceListenerOptions): Promise<DeviceListener> {
  const { host, port, tls, links } = options;
  const app = tls === undefined ? App() : SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile });
  serveLinks(app, '/v1/device', () => null, options);
  serveLinks(app, '/v1/device/:id', (req) => req.getParameter(0) ?? '', options);
  app.any('/*', (res) =>
    answerProblem(res, '404 Not Found', 'not_found', 'No such resource', 'Devices connect to /v1/device'),
  );
  const socket = await listen(app, host, port);
  const rounds = setInterval(() => {
    links.pingSome((limits.keepaliveSeconds * 1000) / roundEveryMs, performance.now());
    links.checkSome(checkEveryMs / roundEveryMs, options.clock.now());
  }, roundEveryMs);
  return {
    port: socket.port,
    stopListening: socket.close,
    close() {
      clearInterval(rounds);
      socket.close();
      app.close();
    },
  };
}

function serveLinks(
  app: TemplatedApp,
  path: string,
  idOf: (req: HttpRequest) => string | null,
  options: DeviceListenerOptions,
): void {
  app.ws<Held>(path, {
    maxPayloadLength: limits.hardFrameBytes,
    maxBackpressure: options.backlogBytesMax,
    idleTimeout: limits.silenceSeconds,
    sendPingsAutomatically: false,
    upgrade: (res, req, context) => upgrade(res, helloOf(req, idOf(req)), context, options),
    open(ws) {
      const { link } = ws.getUserData();
      link.opened(ws);
      options.links.add(link);
      options.opened(link);
    },
    message(ws, message, isBinary) {
      const { link } = ws.getUserData();
      if (link.state === 'open') options.receive(link, message, isBinary);
    },
    ping: (ws) => ws.getUserData().link.countPing(),
    pong: (ws) => ws.getUserData().link.ponged(performance.now()),
    close: (ws, code, reason) => options.links.remove(ws.getUserData().link, code, Buffer.from(reason).toString()),
  });
  // What is no upgrade in uWS's eyes comes here.
  app.any(path, (res, req) => upgrade(res, helloOf(req, idOf(req)), null, options));
}

/** uWebSockets.js copies the fields of what it is given, so the link itself is one of them. */
interface Held {
  link: Link;
}

const agentCharsMax = 128;

function helloOf(req: HttpRequest, pathId: string | null): Hello {
  return {
    pathId,
    query: req.getQuery() ?? '',
    upgrade: req.getMethod() === 'get' ? req.getHeader('upgrade') : '',
    version: req.getHeader('sec-websocket-version'),
    key: req.getHeader('sec-websocket-key'),
    protocols: req.getHeader('sec-websocket-protocol'),
    authorization: req.getHeader('authorization'),
    agent: withoutSecrets(req.getHeader('user-agent').slice(0, agentCharsMax)),
  };
}

/** `context` is null where uWS itself saw no upgrade request. */
function upgrade(
  res: HttpResponse,
  hello: Hello,
  context: us_socket_context_t | null,
  options: DeviceListenerOptions,
): void {
  res.onAborted(() => {});
  const address = addressText(res.getRemoteAddress());
  const made = makeLink(hello, address, options);
  if (made.ok && context !== null) {
    options.counters.handshakesAccepted++;
    return res.upgrade<Held>({ link: made.link }, hello.key, made.subprotocol ?? '', '', context);
  }
  if (made.ok) refuse(res, noUpgrade, hello, address, options);
  else if ('code' in made) refuse(res, made, hello, address, options);
  else answerProblem(res, '500 Internal Server Error', 'internal', 'The gateway failed', 'See its log');
}

const noUpgradeDetail = 'The request is not a WebSocket handshake';
const noUpgrade: Refusal = { ok: false, code: 'upgrade_required', detail: noUpgradeDetail, why: noUpgradeDetail };

type Made = { ok: true; link: Link; subprotocol: string | null } | Refusal | { ok: false };

/** An exception before an answer would end the process (uWebSockets.js), so it becomes one, without a code. */
function makeLink(hello: Hello, address: string, options: DeviceListenerOptions): Made {
  try {
    const handshake = judgeHandshake(hello, options);
    if (!handshake.ok) return handshake;
    return { ok: true, link: options.makeLink(handshake, address), subprotocol: handshake.subprotocol };
  } catch (error) {
    options.log.error({ err: error }, 'a handshake failed inside');
    return { ok: false };
  }
}

function refuse(
  res: HttpResponse,
  { code, detail, why }: Refusal,
  hello: Hello,
  address: string,
  options: DeviceListenerOptions,
): void {
  countBy(options.counters.handshakesRefused, code);
  const { status, title, retryAfter } = refusals[code];
  // A gateway that is unavailable looks at nobody's credentials, so it names nobody.
  const device = retryAfter ? null : claimedId(hello.pathId, hello.authorization, offeredIn(hello.protocols));
  options.refused({ address, device, code, reason: why, agent: hello.agent || null });
  res.writeStatus(statusLines[status]);
  if (status === 401) res.writeHeader('WWW-Authenticate', 'Basic realm="tidegate"');
  if (status === 426) res.writeHeader('Upgrade', 'websocket').writeHeader('Sec-WebSocket-Version', '13');
  if (retryAfter) res.writeHeader('Retry-After', String(options.retryAfterSeconds()));
  endProblem(res, status, code, title, detail);
}

const statusLines: Record<(typeof refusals)[RefusalCode]['status'], string> = {
  400: '400 Bad Request',
  401: '401 Unauthorized',
  403: '403 Forbidden',
  426: '426 Upgrade Required',
  429: '429 Too Many Requests',
  503: '503 Service Unavailable',
};

function answerProblem(res: HttpResponse, status: string, code: string, title: string, detail: string): void {
  res.writeStatus(status);
  endProblem(res, Number.parseInt(status, 10), code, title, detail);
}

/** RFC 9457. The connection ends with the answer: a refused peer holds nothing here. */
function endProblem(res: HttpResponse, status: number, code: string, title: string, detail: string): void {
  res.writeHeader('Content-Type', 'application/problem+json').writeHeader('Cache-Control', 'no-store');
  res.end(JSON.stringify({ type: 'about:blank', title, status, detail, code }), true);
}
