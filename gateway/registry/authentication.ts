import { type Credential, certificateCid, type Device } from '../domain/device.js';
import type { Clock } from '../process/clock.js';
import type { DeviceTable } from './deviceTable.js';
import { dummyHash, hashSecret, sameHash } from './secrets.js';

/** Whether a device may connect. */
export type Authentication =
  | {
      ok: true;
      device: Device;
      /** The credential that the device has used. A link keeps it, so that it ends together with its credential. */
      credential: Credential;
    }
  | {
      ok: false;
      /** What the device is answered. */
      code: 'credentials_invalid' | 'device_disabled';
      /** The exact reason, for operators only: the answer to the device does not distinguish these. */
      why:
        | 'device_unknown'
        | 'secret_wrong'
        | 'secret_unknown'
        | 'credential_expired'
        | 'credential_early'
        | 'device_disabled';
    };

/** Decides who a device is, from memory alone. A device that may not connect is a value, never an error. */
export interface Authenticator {
  /** Checks a device id and its secret. An unknown device and a wrong secret get the same answer in the same time. */
  authenticate(id: string, secret: string): Authentication;
  /** Finds the device by its secret, for clients that send no id. */
  authenticateSecret(secret: string): Authentication;
  /** Finds the device by the common name of a client certificate, which is the device's id. The caller has verified the certificate. */
  authenticateSubject(commonName: string): Authentication;
}

export function createAuthenticator(devices: DeviceTable, clock: Clock): Authenticator {
  function judge(
    device: Device | undefined,
    credential: Credential | undefined,
    whyNone: 'device_unknown' | 'secret_wrong' | 'secret_unknown',
  ): Authentication {
    if (device === undefined || credential === undefined)
      return { ok: false, code: 'credentials_invalid', why: whyNone };
    const why = whyInvalid(credential, clock.now());
    if (why !== null) return { ok: false, code: 'credentials_invalid', why };
    if (device.state === 'disabled') return { ok: false, code: 'device_disabled', why: 'device_disabled' };
    return { ok: true, device, credential };
  }

  return {
    authenticate(id, secret) {
      const device = devices.get(id);
      const hash = hashSecret(secret);
      let found: Credential | undefined;
      for (const credential of device?.credentials ?? []) if (sameHash(credential.hash, hash)) found = credential;
      if (device === undefined) sameHash(dummyHash, hash);
      return judge(device, found, device === undefined ? 'device_unknown' : 'secret_wrong');
    },

    authenticateSecret(secret) {
      const found = devices.findSecret(hashSecret(secret));
      return judge(found?.device, found?.credential, 'secret_unknown');
    },

    authenticateSubject: (commonName) => judge(devices.get(commonName), certificateCredential(), 'device_unknown'),
  };
}

/** Stands for the credential of a link that was opened by a client certificate: it has no secret and no end of its own. */
function certificateCredential(): Credential {
  return {
    cid: certificateCid,
    hash: dummyHash,
    createdAt: 0,
    notBefore: null,
    notAfter: null,
    lastUsedAt: null,
  };
}

/** Why a credential is not accepted at `now` (Unix ms): it is from `notBefore` on, and before `notAfter`. Null: it is accepted. */
export function whyInvalid(
  { notBefore, notAfter }: Credential,
  now: number,
): 'credential_early' | 'credential_expired' | null {
  if (notBefore !== null && now < notBefore) return 'credential_early';
  return notAfter !== null && now >= notAfter ? 'credential_expired' : null;
}
