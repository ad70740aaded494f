import type { Logger } from 'pino';
import { limits } from '../../schemas/tables/limits.js';
import { refusals } from '../../schemas/tables/refusals.js';
import type { Admission } from '../admission/admission.js';
import type { Unavailable } from '../ingest/ingest.js';
import { type Counters, countBy } from '../observe/counters.js';
import type { Refused } from '../presence/attempts.js';
import type { Clock } from '../process/clock.js';
import type { Answer, Port, Request, TlsFiles, Transport, Upgraded } from '../transport/transport.js';
import {
  type Accepted,
  type Handshake,
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
  transport: Transport;
  host: string;
  port: number;
  tls?: TlsFiles;
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
  receive(link: Link, message: Uint8Array, isBinary: boolean): void;
  /** A text that is not UTF-8 has ended the link. */
  notUtf8(link: Link): void;
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
  const { host, port, tls, links, admission } = options;
  const socket = await options.transport.open<Link>({
    host,
    port,
    tls,
    admit: admission.connection,
    sockets: {
      isPath: (path) => pathIdOf(path) !== undefined,
      messageBytesMax: limits.hardFrameBytes,
      queuedBytesMax: options.backlogBytesMax,
      silenceSeconds: limits.silenceSeconds,
      pings: false,
      upgrade: (request) => upgrade(request, options),
      opened(link, opened) {
        link.opened(opened);
        links.add(link);
        options.opened(link);
      },
      message(link, message, isBinary) {
        if (link.state === 'open') options.receive(link, message, isBinary);
      },
      ping: (link) => link.countExtra(),
      pong: (link) => link.ponged(performance.now()),
      closed(link, ending) {
        links.remove(link, ending);
        if (ending.cut === 'invalid_utf8') options.notUtf8(link);
      },
    },
    request: (request, response) => response.answer(answerPlain(request, options)),
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

const devicePath = /^\/v1\/device(?:\/([^/]+))?$/;

/** The device id in the path; null: the path has none. Undefined: devices do not connect to this path. */
function pathIdOf(path: string): string | null | undefined {
  const match = devicePath.exec(path);
  return match === null ? undefined : (match[1] ?? null);
}

interface Received extends Hello {
  /** The address of the device, or of the last proxy that is not trusted. */
  address: string;
}

const agentCharsMax = 128;

function helloOf(request: Request, { admission, clientSubjectHeader }: DeviceListenerOptions): Received {
  const { peer } = request;
  const trusted = admission.trusts(peer);
  return {
    address: trusted ? admission.addressBehind(peer, request.list('x-forwarded-for')) : peer,
    subject: trusted && clientSubjectHeader !== undefined ? request.header(clientSubjectHeader) : '',
    pathId: pathIdOf(request.path) ?? null,
    query: request.query,
    upgrade: request.method === 'GET' ? request.header('upgrade') : '',
    version: request.header('sec-websocket-version'),
    key: request.header('sec-websocket-key'),
    protocols: offeredIn(request.list('sec-websocket-protocol')),
    authorization: request.header('authorization'),
    agent: withoutSecrets(request.header('user-agent').slice(0, agentCharsMax)),
  };
}

function upgrade(request: Request, options: DeviceListenerOptions): Upgraded<Link> | Answer {
  return orFailure(options, () => {
    const hello = helloOf(request, options);
    const handshake = judge(hello, options);
    if (!handshake.ok) return refuse(handshake, hello, options);
    const link = options.makeLink(handshake, hello.address);
    options.counters.handshakesAccepted++;
    return { held: link, subprotocol: handshake.subprotocol ?? '' };
  });
}

const noUpgradeDetail = 'The request is not a WebSocket handshake';
const noUpgrade: Refusal = { ok: false, code: 'upgrade_required', detail: noUpgradeDetail, why: noUpgradeDetail };

/** The answer to a request that is no WebSocket handshake for the transport. */
function answerPlain(request: Request, options: DeviceListenerOptions): Answer {
  if (pathIdOf(request.path) === undefined)
    return problemAnswer(
      404,
      'not_found',
      'There is no such path',
      'This port is for devices, which connect to /v1/device. The API and the console are on the port for operators',
    );
  return orFailure(options, () => {
    const hello = helloOf(request, options);
    const handshake = judge(hello, options);
    return refuse(handshake.ok ? noUpgrade : handshake, hello, options);
  });
}

/** A fault of ours inside the handshake becomes an answer, and ends nothing else. */
function orFailure<Result>({ log }: DeviceListenerOptions, decide: () => Result): Result | Answer {
  try {
    return decide();
  } catch (error) {
    log.error({ err: error }, 'a handshake failed inside');
    return problemAnswer(500, 'internal', 'The gateway failed', 'Read the log of the gateway for the cause');
  }
}

function judge(hello: Received, options: DeviceListenerOptions): Handshake {
  const unavailable = (): Unavailable | null =>
    options.unavailable() ?? (options.admission.handshake(hello.address) ? null : 'overloaded');
  return judgeHandshake(hello, { ...options, unavailable });
}

function refuse(refusal: Refusal, hello: Received, options: DeviceListenerOptions): Answer {
  const { address } = hello;
  const claimed = claimedId(hello.pathId, hello.authorization, hello.protocols);
  const { code, detail, why } = throttled(refusal, address, claimed, options);
  countBy(options.counters.handshakesRefused, code);
  const { status, title, retryAfter } = refusals[code];
  // A gateway that is unavailable checks nobody's credentials, so it names nobody.
  const device = status === 503 ? null : claimed;
  options.refused({ address, device, code, reason: why, agent: hello.agent || null });
  const headers: Record<string, string> = {};
  if (status === 401) headers['WWW-Authenticate'] = 'Basic realm="tidegate"';
  if (status === 426) Object.assign(headers, { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' });
  if (retryAfter) headers['Retry-After'] = String(options.admission.retryAfterSeconds(code));
  return problemAnswer(status, code, title, detail, headers);
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

/** A problem (RFC 9457). The connection closes with the answer, so that a refused peer holds nothing here. */
function problemAnswer(
  status: number,
  code: string,
  title: string,
  detail: string,
  headers: Record<string, string> = {},
): Answer {
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
    body: JSON.stringify({ type: 'about:blank', title, status, detail, code }),
    closes: true,
  };
}
