import { limits } from '../../schemas/tables/limits.js';
import type { RefusalCode } from '../../schemas/tables/refusals.js';
import {
  credentialEntryPrefix,
  type Encoding,
  type Subprotocol,
  subprotocols,
} from '../../schemas/tables/subprotocols.js';
import type { Credential, Device } from '../domain/device.js';
import type { Unavailable } from '../ingest/ingest.js';
import { commonName } from '../net/proxies.js';
import type { Authentication } from '../registry/authentication.js';
import { type HandshakeFacts, handshakeFault } from '../transport/handshakeFault.js';
import { offeredCredentials } from './offeredCredentials.js';

/** The facts of an upgrade request, copied out of it. A missing header is an empty string. */
export interface Hello extends HandshakeFacts {
  /** From the path; null: /v1/device without an id. */
  pathId: string | null;
  /** Without the question mark. */
  query: string;
  /** The entries of Sec-WebSocket-Protocol, in their order. */
  protocols: readonly string[];
  authorization: string;
  /** Subject of the client certificate that a trusted proxy checked; empty: none. */
  subject: string;
  /** User-Agent, cut to a length. */
  agent: string;
}

export interface Accepted {
  ok: true;
  device: Device;
  credential: Credential;
  /** The stream that the device named, or null. */
  stream: string | null;
  /** To be echoed, or null. */
  subprotocol: Subprotocol | null;
  encoding: Encoding;
}

/** `detail` is for the device. `why` may say more: only operators see it. */
export type Refusal = { ok: false; code: RefusalCode; detail: string; why: string };

export type Handshake = Accepted | Refusal;

export interface HandshakeOptions {
  authenticate(id: string, secret: string): Authentication;
  authenticateSecret(secret: string): Authentication;
  authenticateSubject(commonName: string): Authentication;
  /** Why no link is accepted at present, or null. */
  unavailable(): Unavailable | null;
}

const refuse = (code: RefusalCode, detail: string, why = detail): Refusal => ({ ok: false, code, detail, why });

/** Decides an upgrade request (PROTOCOL.md, Handshake). The cheapest checks come first. */
export function judgeHandshake(hello: Hello, options: HandshakeOptions): Handshake {
  const fault = handshakeFault(hello);
  if (fault !== null) return refuse('upgrade_required', fault);
  const stream = streamIn(hello.query);
  if (stream !== null && !limits.idPattern.test(stream)) {
    return refuse('stream_invalid', 'A stream name has 1 to 64 letters, digits, "_" or "-"');
  }
  const chosen = chooseSubprotocol(hello.protocols);
  if (chosen === undefined) {
    const known = Object.keys(subprotocols).join(', ');
    return refuse(
      'subprotocol_unsupported',
      `Offer one of ${known}`,
      `The client offers none of the subprotocols ${known}`,
    );
  }
  const unavailable = options.unavailable();
  if (unavailable !== null)
    return refuse(unavailable, 'Connect again after the seconds in Retry-After', whyUnavailable[unavailable]);
  const who = identify(hello, options);
  if (!who.ok) return who;
  const encoding = chosen === null ? 'json' : subprotocols[chosen];
  return { ok: true, device: who.device, credential: who.credential, stream, subprotocol: chosen, encoding };
}

/** Operators read these beside the advice of the console. */
const whyUnavailable: Record<Unavailable, string> = {
  overloaded:
    'The gateway accepts no new connections, because its queue is full or the limit of connected devices is reached',
  storage_unavailable: 'The gateway cannot write to its store',
  clock_untrusted:
    'The clock of the gateway cannot be trusted; the log says why. Set it, or confirm it: tidegate confirm-clock',
};

function streamIn(query: string): string | null {
  return new URLSearchParams(query).get('stream');
}

/** The entries of a Sec-WebSocket-Protocol header. */
export function offeredIn(protocols: string): string[] {
  return protocols
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** The first known subprotocol; null if none was offered; undefined if none of those offered is known. */
export function chooseSubprotocol(offered: readonly string[]): Subprotocol | null | undefined {
  if (offered.length === 0) return null;
  return offered.find((entry): entry is Subprotocol => Object.hasOwn(subprotocols, entry));
}

type Identified = { ok: true; device: Device; credential: Credential } | Refusal;

/** What is wrong with credentials is shown to operators only. */
const wrong = (why: string): Refusal => refuse('credentials_invalid', 'No device has this id and secret', why);

const whyWrong: Record<Extract<Authentication, { ok: false }>['why'], string> = {
  device_unknown: 'There is no device with this id. Register it, or correct the id in the program of the device',
  secret_wrong: 'The secret is not one of this device. Correct it in the program of the device, or create a new one',
  secret_unknown:
    'The secret belongs to no device: it was revoked, its device was removed, or it is of another gateway. Create a new one',
  credential_expired: 'The secret has expired, or it was rotated. Create a new one',
  credential_early: 'The secret is not valid yet',
  device_disabled: 'An operator disabled this device',
};

function identify(hello: Hello, options: HandshakeOptions): Identified {
  if (holdsSecret(hello.query)) {
    return refuse(
      'credentials_invalid',
      'A secret in the query string is never accepted, because URLs end up in logs. Rotate the secret, and send it in a header',
    );
  }
  const offered = offeredCredentials(hello.authorization, hello.protocols);
  if (offered === null && hello.subject !== '') return identifySubject(hello, options);
  if (offered === null) {
    return refuse(
      'credentials_missing',
      `Send Authorization: Basic or Bearer, or the subprotocol entry ${credentialEntryPrefix} with the credentials in Base64url`,
      'The client sent no credentials',
    );
  }
  if (offered === 'unreadable')
    return wrong(
      'The credentials are not of the form id:secret, where the secret is tgd_ and 43 more characters. Correct them in the program of the device',
    );
  const { id, secret } = offered;
  return judged(hello, id === null ? options.authenticateSecret(secret) : options.authenticate(id, secret));
}

/** Whether a query holds a secret, as plain text or with percent encoding (RFC 3986 section 2.1). */
function holdsSecret(query: string): boolean {
  if (!query.includes('%')) return query.includes('tgd_');
  return [...new URLSearchParams(query)].some((pair) => pair.join('=').includes('tgd_'));
}

function identifySubject(hello: Hello, options: HandshakeOptions): Identified {
  const name = commonName(hello.subject);
  if (name === null) return wrong('The subject of the client certificate has not one plain common name');
  return judged(hello, options.authenticateSubject(name));
}

function judged(hello: Hello, found: Authentication): Identified {
  if (!found.ok) {
    const why = whyWrong[found.why];
    return found.code === 'device_disabled' ? refuse(found.code, why) : wrong(why);
  }
  if (hello.pathId !== null && hello.pathId !== found.device.id)
    return wrong('The credentials are of another device than the path');
  return { ok: true, device: found.device, credential: found.credential };
}
