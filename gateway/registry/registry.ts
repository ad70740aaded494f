import { uuidv7 } from 'uuidv7';
import type { Credential, Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Scalar } from '../domain/series.js';
import type { Clock } from '../process/clock.js';
import { type Authentication, certificate, whyInvalid } from './authentication.js';
import { checkWindow, credentialsMax, type Issued, type Retirement, retiredAt, type Window } from './credentials.js';
import { RegistryError } from './errors.js';
import { dummyHash, hashSecret, newSecret, sameHash } from './secrets.js';

export interface RegistryOptions {
  clock: Clock;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  /** Called when a change must end the device's link; never before the change is on disk. */
  ended(device: Device, why: 'device_disabled' | 'device_removed' | 'credential_revoked', cid?: string): void;
}

export interface NewCredential {
  id: string;
  secret: string;
  cid: string;
}

export type Registry = ReturnType<typeof createRegistry>;

/** All devices and their credentials, in memory: reads are synchronous, changes reach the disk before they count. */
export function createRegistry(options: RegistryOptions, restored: { devices: Device[]; nextDeviceKey: number }) {
  const { clock, save } = options;
  const byId = new Map<string, Device>();
  const byKey = new Map<number, Device>();
  const bySecretHash = new Map<string, { device: Device; credential: Credential }>();
  const creating = new Set<string>();
  let nextDeviceKey = restored.nextDeviceKey;
  for (const device of restored.devices) remember(device);

  function remember(device: Device): void {
    byId.set(device.id, device);
    byKey.set(device.key, device);
    for (const credential of device.credentials) index(device, credential);
  }

  function index(device: Device, credential: Credential): void {
    bySecretHash.set(hashKey(credential.hash), { device, credential });
  }

  function need(id: string): Device {
    const device = byId.get(id);
    if (device === undefined) throw new RegistryError('device_unknown', `There is no device ${id}`);
    return device;
  }

  function issue(now: number, { notBefore = null, notAfter = null }: Window = {}): Issued {
    const secret = newSecret('tgd_');
    const facts = { createdAt: now, notBefore, notAfter, lastUsedAt: null };
    return { secret, credential: { cid: uuidv7(), hash: hashSecret(secret), ...facts } };
  }

  /** By device id and secret. An unknown device and a wrong secret get the same answer in the same time. */
  function authenticate(id: string, secret: string): Authentication {
    const device = byId.get(id);
    const hash = hashSecret(secret);
    let found: Credential | undefined;
    for (const credential of device?.credentials ?? []) if (sameHash(credential.hash, hash)) found = credential;
    if (device === undefined) sameHash(dummyHash, hash);
    return judge(device, found, device === undefined ? 'device_unknown' : 'secret_wrong');
  }

  /** By secret alone. */
  function authenticateSecret(secret: string): Authentication {
    const found = bySecretHash.get(hashKey(hashSecret(secret)));
    return judge(found?.device, found?.credential, 'secret_unknown');
  }

  /** By the common name of a client certificate that someone trusted has checked: it is the device's id. */
  function authenticateSubject(commonName: string): Authentication {
    return judge(byId.get(commonName), certificate, 'device_unknown');
  }

  function judge(
    device: Device | undefined,
    credential: Credential | undefined,
    whyNone: 'device_unknown' | 'secret_wrong' | 'secret_unknown',
  ): Authentication {
    const invalid = { ok: false, code: 'credentials_invalid' } as const;
    if (device === undefined || credential === undefined) return { ...invalid, why: whyNone };
    const why = whyInvalid(credential, clock.now());
    if (why !== null) return { ...invalid, why };
    if (device.state === 'disabled') return { ok: false, code: 'device_disabled', why: 'device_disabled' };
    return { ok: true, device, credential };
  }

  /** Creates devices with one credential each, in one transaction. Throws device_exists, creating none. */
  async function createMany(
    wanted: { id: string; model?: string | null; tags?: Record<string, string> }[],
    by: string,
  ): Promise<NewCredential[]> {
    const ids = new Set<string>();
    for (const { id } of wanted) {
      if (byId.has(id) || creating.has(id) || ids.has(id)) {
        throw new RegistryError('device_exists', `A device ${id} exists already`);
      }
      ids.add(id);
    }
    const now = clock.now();
    const made = wanted.map(({ id, model = null, tags = {} }) => {
      const { secret, credential } = issue(now);
      const key = nextDeviceKey++;
      const device: Device = {
        key,
        id,
        model,
        tags,
        state: 'active',
        createdAt: now,
        attributes: {},
        credentials: [credential],
      };
      return { device, secret, cid: credential.cid };
    });
    for (const id of ids) creating.add(id);
    try {
      await save([
        ...made.map(({ device }): RegistryChange => ({ type: 'put_device', device })),
        createdRecord(made, by),
      ]);
      for (const { device } of made) remember(device);
    } finally {
      for (const id of ids) creating.delete(id);
    }
    return made.map(({ device, secret, cid }) => ({ id: device.id, secret, cid }));
  }

  function createdRecord(made: { device: Device }[], by: string): RegistryChange {
    const [{ device: first }] = made;
    if (made.length === 1) return audit('device_created', first.id, by);
    return audit('devices_imported', first.id, by, `${made.length} devices, up to ${made[made.length - 1].device.id}`);
  }

  async function update(
    id: string,
    patch: { model?: string | null; tags?: Record<string, string>; state?: Device['state'] },
    by: string,
  ): Promise<Device> {
    const device = need(id);
    const { key: deviceKey } = device;
    await save([{ type: 'patch_device', deviceKey, patch }, audit('device_updated', id, by, JSON.stringify(patch))]);
    const wasActive = device.state === 'active';
    Object.assign(device, patch);
    if (wasActive && device.state === 'disabled') options.ended(device, 'device_disabled');
    return device;
  }

  /** What a device said of itself. Written only when it differs. */
  async function describe(device: Device, attributes: Record<string, Scalar>): Promise<void> {
    if (JSON.stringify(device.attributes) === JSON.stringify(attributes) || byKey.get(device.key) !== device) return;
    device.attributes = attributes;
    await save([{ type: 'patch_device', deviceKey: device.key, patch: { attributes } }]);
  }

  /** `erase`: it is noted, in the same transaction, that the device's readings are to be taken out of every file. */
  async function remove(id: string, by: string, erase = false): Promise<Device> {
    const device = need(id);
    const { key, createdAt } = device;
    const erasure: RegistryChange[] = erase ? [{ type: 'erase_device', device: { id, key, createdAt } }] : [];
    const record = audit('device_removed', id, by, erase ? 'with its data' : null);
    await save([{ type: 'remove_device', deviceKey: key }, ...erasure, record]);
    byId.delete(id);
    byKey.delete(device.key);
    for (const credential of device.credentials) bySecretHash.delete(hashKey(credential.hash));
    options.ended(device, 'device_removed');
    return device;
  }

  /** A new credential. Those before it stay valid for `graceSeconds`, or as they are where that is undefined. */
  async function addCredential(
    id: string,
    { graceSeconds, ...window }: Window & { graceSeconds?: number },
    by: string,
  ): Promise<NewCredential> {
    const device = need(id);
    const now = clock.now();
    checkWindow(window, now);
    const over = device.credentials.filter((old) => whyInvalid(old, now) === 'credential_expired');
    if (device.credentials.length - over.length >= credentialsMax)
      throw new RegistryError(
        'too_many_credentials',
        `Device ${id} has ${credentialsMax} credentials, which is the most; revoke one, or let the old ones end by graceSeconds`,
      );
    const { secret, credential } = issue(now, window);
    const kept = device.credentials.filter((old) => !over.includes(old));
    const retired = graceSeconds === undefined ? [] : retiredAt(kept, now + graceSeconds * 1000);
    await save([
      ...over.map(({ cid }): RegistryChange => ({ type: 'remove_credential', cid })),
      ...retired,
      { type: 'put_credential', deviceKey: device.key, credential },
      audit('credential_added', id, by, credential.cid),
    ]);
    for (const old of over) drop(device, old);
    retire(device, retired);
    // A device that was removed meanwhile stays removed.
    if (byKey.get(device.key) === device) {
      device.credentials.push(credential);
      index(device, credential);
    }
    return { id, secret, cid: credential.cid };
  }

  /** All credentials of the device but this one end after `graceSeconds`, unless they end before. */
  async function retireOthers(id: string, cid: string, graceSeconds: number, by: string): Promise<void> {
    const device = need(id);
    const others = device.credentials.filter((old) => old.cid !== cid);
    const retired = retiredAt(others, clock.now() + graceSeconds * 1000);
    await save([...retired, audit('credentials_retired', id, by, `all but ${cid}, in ${graceSeconds} s`)]);
    retire(device, retired);
  }

  /** Links hold their credential, so it is changed in its place. */
  function retire(device: Device, retired: Retirement[]): void {
    for (const { cid, notAfter } of retired) {
      const credential = device.credentials.find((one) => one.cid === cid);
      if (credential !== undefined) credential.notAfter = notAfter;
    }
  }

  function drop(device: Device, credential: Credential): void {
    bySecretHash.delete(hashKey(credential.hash));
    const at = device.credentials.indexOf(credential);
    if (at >= 0) device.credentials.splice(at, 1);
  }

  async function revokeCredential(id: string, cid: string, by: string): Promise<void> {
    const device = need(id);
    const credential = device.credentials.find((one) => one.cid === cid);
    if (credential === undefined)
      throw new RegistryError('credential_unknown', `Device ${id} has no credential ${cid}`);
    await save([{ type: 'remove_credential', cid }, audit('credential_revoked', id, by, cid)]);
    drop(device, credential);
    options.ended(device, 'credential_revoked', cid);
  }

  function audit(action: string, subject: string, by: string, detail: string | null = null): RegistryChange {
    return { type: 'audit', record: { at: clock.now(), by, action, subject, detail } };
  }

  return {
    authenticate,
    authenticateSecret,
    authenticateSubject,
    createMany,
    update,
    describe,
    remove,
    addCredential,
    retireOthers,
    revokeCredential,
    get: (id: string): Device | undefined => byId.get(id),
    byKey: (key: number): Device | undefined => byKey.get(key),
    all: (): IterableIterator<Device> => byId.values(),
    size: (): number => byId.size,
  };
}

function hashKey(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1');
}
