import { limits } from '../../schemas/limits.js';
import type { RefusalCode } from '../../schemas/refusals.js';
import { credentialEntryPrefix, type Encoding, type Subprotocol, subprotocols } from '../../schemas/subprotocols.js';
import type { Authentication } from '../registry/registry.js';
import type { Credential, Device } from '../types.js';
import { offeredCredentials } from './credentials.js';

/** The facts of an upgrade request, copied out of it. Header values are empty strings where there is no header. */
export interface Hello {
  /** From the path; null: /v1/device without an id. */
  pathId: string | null;
  /** Without the question mark. */
  query: string;
  upgrade: string;
  version: string;
  key: string;
  protocols: string;
  authorization: string;
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

export type Handshake = Accepted | { ok: false; code: RefusalCode; detail: string };

export interface HandshakeOptions {
  authenticate(id: string, secret: string): Authentication;
  authenticateSecret(secret: string): Authentication;
  /** Why no link is taken at present, or null. */
  unavailable(): 'overloaded' | 'storage_unavailable' | 'clock_untrusted' | null;
}

const refuse = (code: RefusalCode, detail: string): Handshake => ({ ok: false, code, detail });

/** RFC 6455 section 4.2.1: 16 bytes in base64 are 22 characters and two equal signs. */
const keyPattern = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Decides an upgrade request (PROTOCOL.md, Handshake). What costs nothing to check comes first. */
export function judgeHandshake(hello: Hello, options: HandshakeOptions): Handshake {
  const fault = upgradeFault(hello);
  if (fault !== null) return refuse('upgrade_required', fault);
  const stream = streamIn(hello.query);
  if (stream !== null && !limits.idPattern.test(stream)) {
    return refuse('stream_invalid', 'A stream name has 1 to 64 letters, digits, "_" or "-"');
  }
  const offered = hello.protocols
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const chosen = chooseSubprotocol(offered);
  if (chosen === undefined) {
    return refuse('subprotocol_unsupported', `Offer one of ${Object.keys(subprotocols).join(', ')}`);
  }
  const unavailable = options.unavailable();
  if (unavailable !== null) return refuse(unavailable, 'Come back after the time that Retry-After gives');
  const who = identify(hello, offered, options);
  if (!who.ok) return who;
  const encoding = chosen === null ? 'json' : subprotocols[chosen];
  return { ok: true, device: who.device, credential: who.credential, stream, subprotocol: chosen, encoding };
}

function upgradeFault({ upgrade, version, key }: Hello): string | null {
  if (upgrade.toLowerCase() !== 'websocket') return 'The Upgrade header is not "websocket"';
  if (version !== '13') return 'The Sec-WebSocket-Version header is not 13';
  return keyPattern.test(key) ? null : 'The Sec-WebSocket-Key header is not 16 bytes in base64';
}

function streamIn(query: string): string | null {
  return new URLSearchParams(query).get('stream');
}

/** The first known one; null where none was offered; undefined where there is nothing to agree on. */
export function chooseSubprotocol(offered: readonly string[]): Subprotocol | null | undefined {
  if (offered.length === 0) return null;
  return offered.find((entry): entry is Subprotocol => Object.hasOwn(subprotocols, entry));
}

function identify(
  hello: Hello,
  protocols: readonly string[],
  options: HandshakeOptions,
): { ok: true; device: Device; credential: Credential } | { ok: false; code: RefusalCode; detail: string } {
  const invalid = { ok: false, code: 'credentials_invalid', detail: 'No device has this id and secret' } as const;
  if (hello.query.includes('tgd_')) {
    return {
      ...invalid,
      detail:
        'A secret in the query string is never accepted, since URLs end up in logs. Replace it, and send it in a header',
    };
  }
  const offered = offeredCredentials(hello.authorization, protocols);
  if (offered === null) {
    return {
      ok: false,
      code: 'credentials_missing',
      detail: `Send Authorization: Basic or Bearer, or the subprotocol entry ${credentialEntryPrefix}…`,
    };
  }
  if (offered === 'unreadable') return invalid;
  const { id, secret } = offered;
  const found = id === null ? options.authenticateSecret(secret) : options.authenticate(id, secret);
  if (!found.ok) {
    return found.code === 'device_disabled'
      ? { ok: false, code: found.code, detail: 'An operator disabled this device' }
      : invalid;
  }
  if (hello.pathId !== null && hello.pathId !== found.device.id) return invalid;
  return { ok: true, device: found.device, credential: found.credential };
}
