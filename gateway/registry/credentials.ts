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
  /** Lets all credentials of a device except `cid` end after `graceSeconds`, or earlier. Throws RegistryError device_unknown. */
  retireOthers(id: string, cid: string, graceSeconds: number, by: string): Promise<void>;
  /** Removes a credential and ends the link that uses it. Throws RegistryError device_unknown, credential_unknown. */
  revokeCredential(id: string, cid: string, by: string): Promise<void>;
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
  return {
    async addCredential(id, { graceSeconds, ...window }, by) {
      const device = devices.need(id);
      const now = clock.now();
      checkWindow(window, now);
      const expired = device.credentials.filter((old) => whyInvalid(old, now) === 'credential_expired');
      if (device.credentials.length - expired.length >= credentialsMax)
        throw new RegistryError(
          'too_many_credentials',
          `Device ${id} has ${credentialsMax} credentials, which is the limit`,
        );
      const { secret, credential } = issueCredential(now, window);
      const kept = device.credentials.filter((old) => !expired.includes(old));
      const retired = graceSeconds === undefined ? [] : retirements(kept, now + graceSeconds * 1000);
      await save([
        ...expired.map(({ cid }): RegistryChange => ({ type: 'remove_credential', cid })),
        ...retired,
        { type: 'put_credential', deviceKey: device.key, credential },
        audited(now, by, 'credential_added', id, credential.cid),
      ]);
      for (const old of expired) devices.removeCredential(device, old);
      retire(device, retired);
      devices.addCredential(device, credential);
      return { id, secret, cid: credential.cid };
    },

    async retireOthers(id, cid, graceSeconds, by) {
      const device = devices.need(id);
      const now = clock.now();
      const others = device.credentials.filter((old) => old.cid !== cid);
      const retired = retirements(others, now + graceSeconds * 1000);
      await save([...retired, audited(now, by, 'credentials_retired', id, `all but ${cid}, in ${graceSeconds} s`)]);
      retire(device, retired);
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
