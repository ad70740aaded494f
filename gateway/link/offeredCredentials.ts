import { limits } from '../../schemas/tables/limits.js';
import { credentialEntryPrefix } from '../../schemas/tables/subprotocols.js';

/** What a device offered to prove who it is. `id` is null if only a secret came (Bearer). */
export type Offered = { id: string | null; secret: string };

/**
 * The credentials of an upgrade request: Basic (RFC 7617), Bearer (RFC 6750), or the subprotocol entry for browsers; the first one
 * counts. Null if none were offered; 'unreadable' if what was offered has not the right form.
 */
export function offeredCredentials(authorization: string, protocols: readonly string[]): Offered | 'unreadable' | null {
  const [, scheme, value] = /^(\S+) +(\S+)\s*$/.exec(authorization) ?? [];
  if (scheme?.toLowerCase() === 'basic') return splitPair(Buffer.from(value, 'base64').toString());
  if (scheme?.toLowerCase() === 'bearer') return checked({ id: null, secret: value });
  if (authorization !== '') return 'unreadable';
  const entry = protocols.find((protocol) => protocol.startsWith(credentialEntryPrefix));
  if (entry === undefined) return null;
  return splitPair(Buffer.from(entry.slice(credentialEntryPrefix.length), 'base64url').toString());
}

/**
 * The id that a request names, for the list of attempts, even if the rest of the request is wrong; null if it names none that is
 * valid. A secret in the place of the id is never taken for an id.
 */
export function claimedId(pathId: string | null, authorization: string, protocols: readonly string[]): string | null {
  const [, basic] = /^basic +(\S+)\s*$/i.exec(authorization) ?? [];
  const entry = protocols.find((protocol) => protocol.startsWith(credentialEntryPrefix));
  const encoded = basic ?? entry?.slice(credentialEntryPrefix.length);
  const [before] = encoded === undefined ? [] : Buffer.from(encoded, 'base64').toString().split(':', 1);
  const id = pathId ?? before;
  if (id === undefined || !limits.idPattern.test(id)) return null;
  return withoutSecrets(id) === id ? id : null;
}

/** Removes from a text that is shown or logged whatever may be a secret or a key. */
export function withoutSecrets(text: string): string {
  return text.replace(/tg[dk]_[A-Za-z0-9_-]*/g, '[secret]');
}

function splitPair(pair: string): Offered | 'unreadable' {
  const colon = pair.indexOf(':');
  return colon < 0 ? 'unreadable' : checked({ id: pair.slice(0, colon), secret: pair.slice(colon + 1) });
}

function checked(offered: Offered): Offered | 'unreadable' {
  if (offered.id !== null && !limits.idPattern.test(offered.id)) return 'unreadable';
  return limits.secretPattern.test(offered.secret) ? offered : 'unreadable';
}
