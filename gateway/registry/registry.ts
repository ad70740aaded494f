/**
 * registry/ holds who may use the gateway: devices with their credentials, and the keys of operators. All of it is in memory, so
 * that a handshake asks no disk; a change is on disk before it applies. What a device does while it is connected belongs to
 * presence/, link/ and ingest/.
 */
import type { Device, DeviceNews } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Scalar } from '../domain/series.js';
import type { Clock } from '../process/clock.js';
import { audited } from './audit.js';
import { type Authenticator, createAuthenticator } from './authentication.js';
import { type Credentials, createCredentials, issueCredential, type NewCredential } from './credentials.js';
import { DeviceTable } from './deviceTable.js';
import { createManyDevices, type ManyDevices } from './editMany.js';
import { RegistryError } from './errors.js';

export interface RegistryOptions {
  clock: Clock;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  /** Called when a change must end the device's link; never before the change is on disk. `cid`: the revoked credential. */
  ended(device: Device, why: 'device_disabled' | 'device_removed' | 'credential_revoked', cid?: string): void;
  /** Called when operators have registered, edited or removed devices, and it is on disk. */
  changed(devices: readonly Device[], what: DeviceNews): void;
}

/** What an operator gives for a new device. */
export interface NewDevice {
  id: string;
  name?: string | null;
  notes?: string | null;
  model?: string | null;
  tags?: Record<string, string>;
}

/** What an operator can change of a device; absent fields stay. */
export interface DevicePatch {
  name?: string | null;
  notes?: string | null;
  model?: string | null;
  tags?: Record<string, string>;
  state?: Device['state'];
}

/** `by` is the author of a change for the audit trail: the id of a key, or `cli`, or `gateway`. */
export interface Registry extends Authenticator, Credentials, ManyDevices {
  /** Creates devices with one credential each, in one transaction. Throws RegistryError device_exists, creating none. */
  createMany(wanted: NewDevice[], by: string): Promise<NewCredential[]>;
  /** Changes a device. Disabling it ends its link. Throws RegistryError device_unknown. */
  update(id: string, patch: DevicePatch, by: string): Promise<Device>;
  /** Stores the attributes that a device has reported in its hello. It writes only if they differ from the last ones. */
  describe(device: Device, attributes: Record<string, Scalar>): Promise<void>;
  /**
   * Removes a device and ends its link. With `erase`, the same transaction notes that its readings must be removed from every
   * file. Throws RegistryError device_unknown.
   */
  remove(id: string, by: string, erase?: boolean): Promise<Device>;
  get(id: string): Device | undefined;
  byKey(key: number): Device | undefined;
  /** In order of creation. */
  all(): IterableIterator<Device>;
  size(): number;
}

/** `restored.nextDeviceKey` is above every key that was ever given, so that no key is given twice. */
export function createRegistry(
  { clock, save, ended, changed }: RegistryOptions,
  restored: { devices: Device[]; nextDeviceKey: number },
): Registry {
  const devices = new DeviceTable(restored.devices);
  let { nextDeviceKey } = restored;
  /** Ids of devices that are on their way to the disk. */
  const creating = new Set<string>();
  /** The latest attributes of a device, by its key, while they are on their way to the disk. */
  const describing = new Map<number, Record<string, Scalar>>();
  // Edits take turns: each reads the tags that the one before has stored.
  const inTurn = createTurns();

  function refuseTaken(wanted: NewDevice[]): Set<string> {
    const ids = new Set<string>();
    for (const { id } of wanted) {
      if (devices.get(id) !== undefined || creating.has(id) || ids.has(id))
        throw new RegistryError('device_exists', `Device ${id} already exists`);
      ids.add(id);
    }
    return ids;
  }

  return {
    ...createAuthenticator(devices, clock),
    ...createCredentials({
      devices,
      clock,
      save,
      revoked: (device, cid) => ended(device, 'credential_revoked', cid),
    }),

    ...createManyDevices({ devices, clock, save, ended, changed, inTurn }),

    async createMany(wanted, by) {
      const ids = refuseTaken(wanted);
      const now = clock.now();
      const made = wanted.map((device) => newDevice(device, nextDeviceKey++, now));
      for (const id of ids) creating.add(id);
      try {
        const puts = made.map(({ device }): RegistryChange => ({ type: 'put_device', device }));
        await save([...puts, creationAudited(wanted, now, by)]);
        for (const { device } of made) devices.add(device);
        changed(
          made.map(({ device }) => device),
          'created',
        );
      } finally {
        for (const id of ids) creating.delete(id);
      }
      return made.map(({ device, secret }) => ({ id: device.id, secret, cid: device.credentials[0].cid }));
    },

    update: (id, patch, by) =>
      inTurn(async () => {
        const device = devices.need(id);
        await save([
          { type: 'patch_device', deviceKey: device.key, patch },
          audited(clock.now(), by, 'device_updated', id, detailOf(patch)),
        ]);
        const wasActive = device.state === 'active';
        Object.assign(device, patch);
        if (wasActive && device.state === 'disabled') ended(device, 'device_disabled');
        changed([device], 'edited');
        return device;
      }),

    async describe(device, attributes) {
      const { key } = device;
      const latest = describing.get(key) ?? device.attributes;
      if (JSON.stringify(latest) === JSON.stringify(attributes) || !devices.contains(device)) return;
      describing.set(key, attributes);
      try {
        await save([{ type: 'patch_device', deviceKey: key, patch: { attributes } }]);
        device.attributes = attributes;
      } finally {
        if (describing.get(key) === attributes) describing.delete(key);
      }
    },

    async remove(id, by, erase = false) {
      const device = devices.need(id);
      const { key, createdAt } = device;
      const erasure: RegistryChange[] = erase ? [{ type: 'erase_device', device: { id, key, createdAt } }] : [];
      await save([
        { type: 'remove_device', deviceKey: key },
        ...erasure,
        audited(clock.now(), by, 'device_removed', id, erase ? 'with its data' : null),
      ]);
      devices.remove(device);
      ended(device, 'device_removed');
      changed([device], 'removed');
      return device;
    },

    get: (id) => devices.get(id),
    byKey: (key) => devices.getByKey(key),
    all: () => devices.all(),
    size: () => devices.size,
  };
}

/** Makes a function that runs what it is given one after the other. */
function createTurns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const own = last.then(work);
    last = own.catch(() => {});
    return own;
  };
}

function newDevice(
  { id, name = null, notes = null, model = null, tags = {} }: NewDevice,
  key: number,
  now: number,
): { device: Device; secret: string } {
  const { secret, credential } = issueCredential(now);
  const device: Device = {
    key,
    id,
    name,
    notes,
    model,
    tags,
    state: 'active',
    createdAt: now,
    attributes: {},
    credentials: [credential],
  };
  return { device, secret };
}

const notesAudited = 200;

/** A change as the audit shows it: of long notes only the beginning, so that the audit stays small. */
function detailOf({ notes, ...patch }: DevicePatch): string {
  if (notes === undefined) return JSON.stringify(patch);
  const short = notes !== null && notes.length > notesAudited ? `${notes.slice(0, notesAudited)}…` : notes;
  return JSON.stringify({ ...patch, notes: short });
}

function creationAudited(wanted: NewDevice[], now: number, by: string): RegistryChange {
  const [first] = wanted;
  if (wanted.length === 1) return audited(now, by, 'device_created', first.id);
  return audited(now, by, 'devices_imported', first.id, `${wanted.length} devices, up to ${wanted.at(-1)?.id}`);
}
