import type { Credential, Device } from '../domain/device.js';
import { dummyHash } from './secrets.js';

export type Authentication =
  | { ok: true; device: Device; credential: Credential }
  | {
      ok: false;
      code: 'credentials_invalid' | 'device_disabled';
      /** For operators: the answer to the device does not tell these apart. */
      why:
        | 'device_unknown'
        | 'secret_wrong'
        | 'secret_unknown'
        | 'credential_expired'
        | 'credential_early'
        | 'device_disabled';
    };

/** Stands for the credential of a link that was opened by a client certificate; it has no secret. */
export const certificate: Credential = {
  cid: 'certificate',
  hash: dummyHash,
  createdAt: 0,
  notBefore: null,
  notAfter: null,
  lastUsedAt: null,
};

/** From `notBefore` on it is accepted, from `notAfter` on no longer. */
export function whyInvalid(
  { notBefore, notAfter }: Credential,
  now: number,
): 'credential_early' | 'credential_expired' | null {
  if (notBefore !== null && now < notBefore) return 'credential_early';
  return notAfter !== null && now >= notAfter ? 'credential_expired' : null;
}
