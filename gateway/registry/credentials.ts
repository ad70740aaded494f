import { uuidv7 } from 'uuidv7';
import type { Credential, Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import { audited } from './audit.js';
import { whyInvalid } from './authentication.js';
import type { DeviceTable } from './deviceTable.js';
import { RegistryError } from './errors.js';
import { hashSecret, newSecret } from './secrets.js';

/** When a credential is accepted: Unix ms, from `notBefore` on and before `notAfter`. Absent or null: no such bound. */
export interface Window {
  notBefore?: number | null;
  notAfter?: number | null;
}

/** A new credential as its operator reads it. The secret is not stored, so this is the only time that it can be read. */
export interface NewCredential {
  /** The device's id. */
  id: string;
  secret: string;
  cid: string;
}

/** The credentials of devices: adding, retiring, revoking. Each change is on disk before it applies. */
export interface Credentials {
  /**
   * Adds a credential to a device. If `graceSeconds` is given, its other credentials end after that time, or earlier if they
   * would have ended earlier. Throws RegistryError device_unknown, window_invalid, too_many_credentials.
   */
  addCredential(id: string, wanted: Window & { graceSeconds?: number }, by: string): Promise<NewCredential>;
  /**
   * Makes what `addCredential` stores, for a caller that stores it together with other changes and reports how that went. Until then
   * the credential counts, and is not accepted. Throws as `addCredential` does.
   */
  prepareCredential(id: string, wanted: Window & { graceSeconds?: number }, by: string): PreparedCredential;
  /** Removes a credential and ends the link that uses it. Throws RegistryError device_unknown, credential_unknown. */
  revokeCredential(id: string, cid: string, by: string): Promise<void>;
}

/** A credential that is not stored yet. */
export interface PreparedCredential {
  made: NewCredential;
  changes: RegistryChange[];
  /** The changes are on disk: from now on it is accepted. */
  stored(): void;
  /** The changes could not be stored. */
  failed(): void;
}

export interface CredentialsOptions {
  devices: DeviceTable;
  clock: Clock;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  /** Called when the credential is removed on disk. */
  revoked(device: Device, cid: string): void;
}

type Retirement = Extract<RegistryChange, { type: 'retire_credential' }>;

/** Credentials per device. Expired ones do not count. */
const credentialsMax = 8;

export function createCredentials({ devices, clock, save, revoked }: CredentialsOptions): Credentials {
  /** Credentials on their way to the disk, by device key. They count, so that requests at the same time do not find the same room. */
  const coming = new Map<number, Credential[]>();

  function prepareCredential(
    id: string,
    { graceSeconds, ...window }: Window & { graceSeconds?: number },
    by: string,
  ): PreparedCredential {
    const device = devices.need(id);
    const now = clock.now();
    checkWindow(window, now);
    const expired = device.credentials.filter((old) => whyInvalid(old, now) === 'credential_expired');
    const others = coming.get(device.key) ?? [];
    const kept = [...device.credentials.filter((old) => !expired.includes(old)), ...others];
    if (kept.length >= credentialsMax)
      throw new RegistryError(
        'too_many_credentials',
        `Device ${id} has ${credentialsMax} credentials, which is the limit`,
      );
    const { secret, credential } = issueCredential(now, window);
    const { cid } = credential;
    const retired = graceSeconds === undefined ? [] : retirements(kept, now + graceSeconds * 1000);
    coming.set(device.key, [...others, credential]);
    function arrived(): void {
      const left = (coming.get(device.key) ?? []).filter((other) => other !== credential);
      if (left.length > 0) coming.set(device.key, left);
      else coming.delete(device.key);
    }
    return {
      made: { id, secret, cid },
      changes: [
        ...expired.map((old): RegistryChange => ({ type: 'remove_credential', cid: old.cid })),
        ...retired,
        { type: 'put_credential', deviceKey: device.key, credential },
        audited(now, by, 'credential_added', id, cid),
        ...(graceSeconds === undefined
          ? []
          : [audited(now, by, 'credentials_retired', id, `all but ${cid}, in ${graceSeconds} s`)]),
      ],
      stored() {
        arrived();
        for (const old of expired) devices.removeCredential(device, old);
        retire(device, retired);
        devices.addCredential(device, credential);
      },
      failed: arrived,
    };
  }

  return {
    prepareCredential,

    async addCredential(id, wanted, by) {
      const { made, changes, stored, failed } = prepareCredential(id, wanted, by);
      try {
        await save(changes);
      } catch (error) {
        failed();
        throw error;
      }
      stored();
      return made;
    },

    async revokeCredential(id, cid, by) {
      const device = devices.need(id);
      const credential = device.credentials.find((own) => own.cid === cid);
      if (credential === undefined)
        throw new RegistryError('credential_unknown', `Device ${id} has no credential ${cid}`);
      await save([{ type: 'remove_credential', cid }, audited(clock.now(), by, 'credential_revoked', id, cid)]);
      devices.removeCredential(device, credential);
      revoked(device, cid);
    },
  };
}

/** Makes a credential with a new secret; it is neither stored nor accepted yet. */
export function issueCredential(
  now: number,
  { notBefore = null, notAfter = null }: Window = {},
): { secret: string; credential: Credential } {
  const secret = newSecret('tgd_');
  return {
    secret,
    credential: {
      cid: uuidv7(),
      hash: hashSecret(secret),
      createdAt: now,
      notBefore,
      notAfter,
      lastUsedAt: null,
    },
  };
}

function retirements(credentials: Credential[], end: number): Retirement[] {
  return credentials.map(({ cid, notAfter }) => ({
    type: 'retire_credential',
    cid,
    notAfter: Math.min(notAfter ?? end, end),
  }));
}

/** Links keep their credential, so it is changed in place. */
function retire(device: Device, retired: Retirement[]): void {
  for (const { cid, notAfter } of retired) {
    const credential = device.credentials.find((own) => own.cid === cid);
    if (credential !== undefined) credential.notAfter = notAfter;
  }
}

/** Throws RegistryError window_invalid. */
function checkWindow({ notBefore, notAfter }: Window, now: number): void {
  if (notAfter != null && notAfter <= Math.max(notBefore ?? 0, now))
    throw new RegistryError('window_invalid', `notAfter ${notAfter} is in the past, or not after notBefore`);
}
