import type { Logger } from 'pino';
import { limits } from '../../schemas/tables/limits.js';
import { type RefusalCode, refusals } from '../../schemas/tables/refusals.js';
import type { Admission } from '../admission/admission.js';
import type { Unavailable } from '../ingest/ingest.js';
import { addressText } from '../net/address.js';
import {
  filterConnections,
  type HttpRequest,
  type HttpResponse,
  openPort,
  type Port,
  type TemplatedApp,
  type us_socket_context_t,
} from '../net/uws.js';
import { type Counters, countBy } from '../observe/counters.js';
import type { Refused } from '../presence/attempts.js';
import type { Clock } from '../process/clock.js';
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
import { claimedId, withoutSecrets } from './offeredCredentials.js';

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
  admission: Admission;
  /** Header with the subject of the client certificate. It is believed only if a trusted proxy sent it. */
  clientSubjectHeader?: string;
  /** The link is open and in `links`, and waits for its welcome. */
  opened(link: Link): void;
  receive(link: Link, message: ArrayBuffer, isBinary: boolean): void;
}

export interface DeviceListener {
  port: number;
  /** Accepts no more connections; open links stay. */
  stopListening(): void;
  renew: Port['renew'];
  close(): void;
}

/** Each link is pinged every keepaliveSeconds and checked every second: a share of the links four times per second. */
const roundEveryMs = 250;
const checkEveryMs = 1_000;

/** Opens the port that devices connect to. Throws StartError 69 if it is taken. */
export async function listenForDevices(options: DeviceListenerOptions): Promise<DeviceListener> {
  const { host, port, tls, links } = options;
  const socket = await openPort(tls, host, port, (app) => {
    admitConnections(app, options.admission);
    serveLinks(app, '/v1/device', () => null, options);
    serveLinks(app, '/v1/device/:id', (req) => req.getParameter(0) ?? '', options);
    app.any('/*', (res) =>
      answerProblem(res, '404 Not Found', 'not_found', 'No such resource', 'Devices connect to /v1/device'),
    );
  });
  const rounds = setInterval(() => {
    links.pingSome((limits.keepaliveSeconds * 1000) / roundEveryMs, performance.now());
    links.checkSome(checkEveryMs / roundEveryMs, options.clock.now());
  }, roundEveryMs);
  return {
    port: socket.port,
    stopListening: socket.stopListening,
    renew: socket.renew,
    close() {
      clearInterval(rounds);
      socket.close();
    },
  };
}

/** A connection beyond the limits is closed before its first byte is read. */
function admitConnections(app: TemplatedApp, admission: Admission): void {
  filterConnections(app, (res) => {
    if (!admission.connection(addressText(res.getRemoteAddress()))) res.close();
  });
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
    upgrade: (res, req, context) => upgrade(res, helloOf(res, req, idOf(req), options), context, options),
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
    ping: (ws) => ws.getUserData().link.countExtra(),
    pong: (ws) => ws.getUserData().link.ponged(performance.now()),
    close: (ws, code, reason) => options.links.remove(ws.getUserData().link, code, Buffer.from(reason).toString()),
  });
  // A request that uWebSockets.js does not regard as an upgrade comes here.
  app.any(path, (res, req) => upgrade(res, helloOf(res, req, idOf(req), options), null, options));
}

/** uWebSockets.js copies the fields of an object that it is given, so the link is held by one field. */
interface Held {
  link: Link;
}

interface Received extends Hello {
  /** The address of the device, or of the last proxy that is not trusted. */
  address: string;
}

const agentCharsMax = 128;

function helloOf(
  res: HttpResponse,
  req: HttpRequest,
  pathId: string | null,
  { admission, clientSubjectHeader }: DeviceListenerOptions,
): Received {
  const peer = addressText(res.getRemoteAddress());
  const trusted = admission.trusts(peer);
  return {
    address: trusted ? admission.addressBehind(peer, req.getHeader('x-forwarded-for')) : peer,
    subject: trusted && clientSubjectHeader !== undefined ? req.getHeader(clientSubjectHeader) : '',
    pathId,
    query: req.getQuery() ?? '',
    upgrade: req.getMethod() === 'get' ? req.getHeader('upgrade') : '',
    version: req.getHeader('sec-websocket-version'),
    key: req.getHeader('sec-websocket-key'),
    protocols: offeredIn(req.getHeader('sec-websocket-protocol')),
    authorization: req.getHeader('authorization'),
    agent: withoutSecrets(req.getHeader('user-agent').slice(0, agentCharsMax)),
  };
}

/** `context` is null if uWebSockets.js itself saw no upgrade request. */
function upgrade(
  res: HttpResponse,
  hello: Received,
  context: us_socket_context_t | null,
  options: DeviceListenerOptions,
): void {
  res.onAborted(() => {});
  const made = makeLink(hello, options);
  if (made.ok && context !== null) {
    options.counters.handshakesAccepted++;
    return res.upgrade<Held>({ link: made.link }, hello.key, made.subprotocol ?? '', '', context);
  }
  if (made.ok) refuse(res, noUpgrade, hello, options);
  else if ('code' in made) refuse(res, made, hello, options);
  else answerProblem(res, '500 Internal Server Error', 'internal', 'The gateway failed', 'See its log');
}

const noUpgradeDetail = 'The request is not a WebSocket handshake';
const noUpgrade: Refusal = { ok: false, code: 'upgrade_required', detail: noUpgradeDetail, why: noUpgradeDetail };

type Made = { ok: true; link: Link; subprotocol: string | null } | Refusal | { ok: false };

/** An exception before an answer would end the process (uWebSockets.js), so it becomes an answer without a code. */
function makeLink(hello: Received, options: DeviceListenerOptions): Made {
  try {
    const unavailable = (): Unavailable | null =>
      options.unavailable() ?? (options.admission.handshake(hello.address) ? null : 'overloaded');
    const handshake = judgeHandshake(hello, { ...options, unavailable });
    if (!handshake.ok) return handshake;
    return { ok: true, link: options.makeLink(handshake, hello.address), subprotocol: handshake.subprotocol };
  } catch (error) {
    options.log.error({ err: error }, 'a handshake failed inside');
    return { ok: false };
  }
}

function refuse(res: HttpResponse, refusal: Refusal, hello: Received, options: DeviceListenerOptions): void {
  const { address } = hello;
  const claimed = claimedId(hello.pathId, hello.authorization, hello.protocols);
  const { code, detail, why } = throttled(refusal, address, claimed, options);
  countBy(options.counters.handshakesRefused, code);
  const { status, title, retryAfter } = refusals[code];
  // A gateway that is unavailable checks nobody's credentials, so it names nobody.
  const device = status === 503 ? null : claimed;
  options.refused({ address, device, code, reason: why, agent: hello.agent || null });
  res.writeStatus(statusLines[status]);
  if (status === 401) res.writeHeader('WWW-Authenticate', 'Basic realm="tidegate"');
  if (status === 426) res.writeHeader('Upgrade', 'websocket').writeHeader('Sec-WebSocket-Version', '13');
  if (retryAfter) res.writeHeader('Retry-After', String(options.admission.retryAfterSeconds(code)));
  endProblem(res, status, code, title, detail);
}

/** A peer that fails too often gets that answer and no other. A valid credential never comes here. */
function throttled(
  refusal: Refusal,
  address: string,
  claimed: string | null,
  { admission }: DeviceListenerOptions,
): Refusal {
  if (refusal.code !== 'credentials_invalid' || !admission.tooManyFailures(address, claimed)) return refusal;
  const detail = 'Credentials fail too often from this address, or for this device. A valid one is accepted at once';
  return { ...refusal, code: 'too_many_attempts', detail };
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

/** Answers with a problem (RFC 9457). The connection closes with the answer, so that a refused peer holds nothing here. */
function endProblem(res: HttpResponse, status: number, code: string, title: string, detail: string): void {
  res.writeHeader('Content-Type', 'application/problem+json').writeHeader('Cache-Control', 'no-store');
  res.end(JSON.stringify({ type: 'about:blank', title, status, detail, code }), true);
}
