import { countOf } from '../../schemas/display/numbers.js';
import type { AuditAction } from '../../schemas/tables/auditActions.js';
import type { Device, DeviceNews } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import { audited } from './audit.js';
import type { DeviceTable } from './deviceTable.js';

/** What an edit changes of each device; absent fields stay. */
export interface DeviceEdit {
  model?: string | null;
  state?: Device['state'];
  /** Tags that are removed, before `setTags` is applied. */
  removeTags?: readonly string[];
  /** Tags that are added, or get this value. Other tags stay. */
  setTags?: Record<string, string>;
}

/** A device that an edit has left as it was, and why. */
export interface EditFault {
  id: string;
  code: 'device_unknown' | 'too_many_tags';
  message: string;
}

/** What an edit has done. `unchanged`: devices that were already as the edit wants them. */
export interface Edited {
  changed: number;
  unchanged: number;
  faults: EditFault[];
}

/** Edits of many devices, for which at most 250 devices share a transaction and a record of the audit. */
export interface ManyDevices {
  /**
   * Changes these devices. Disabling ends their links. If the disk fails, it rejects; the devices before are changed, and the
   * same edit may be repeated, because it skips devices that are as it wants them.
   */
  editMany(devices: readonly Device[], edit: DeviceEdit, by: string): Promise<Edited>;
  /** Removes these devices and ends their links. It may be repeated like `editMany`. */
  removeMany(devices: readonly Device[], by: string): Promise<Edited>;
}

export interface ManyDevicesOptions {
  devices: DeviceTable;
  clock: Clock;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  ended(device: Device, why: 'device_disabled' | 'device_removed'): void;
  changed(devices: readonly Device[], what: DeviceNews): void;
  /** Runs work that reads a device and writes what follows, so that nothing is written in between. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
}

type Patch = Partial<Pick<Device, 'model' | 'state' | 'tags'>>;

/** Devices per transaction: a commit of telemetry never waits for more than these. */
const togetherMax = 250;

const tagsMax = 32;

export function createManyDevices(options: ManyDevicesOptions): ManyDevices {
  const { devices, clock, save, ended, changed, inTurn } = options;

  /** Runs `work` for 250 devices after the other, and adds up what it did. */
  async function inPieces(
    all: readonly Device[],
    work: (piece: readonly Device[], edited: Edited) => Promise<void>,
  ): Promise<Edited> {
    const edited: Edited = { changed: 0, unchanged: 0, faults: [] };
    for (let at = 0; at < all.length; at += togetherMax)
      await inTurn(() =>
        work(
          all.slice(at, at + togetherMax).filter((device) => isKnown(device, edited)),
          edited,
        ),
      );
    return edited;
  }

  /** False if the device was removed meanwhile, which is a fault. */
  function isKnown(device: Device, { faults }: Edited): boolean {
    const known = devices.contains(device);
    if (!known) faults.push({ id: device.id, code: 'device_unknown', message: `There is no device ${device.id}` });
    return known;
  }

  return {
    editMany: (all, edit, by) =>
      inPieces(all, async (piece, edited) => {
        const wanted: { device: Device; patch: Patch }[] = [];
        for (const device of piece) {
          const patch = patchOf(device, edit);
          if (Object.keys(patch).length === 0) edited.unchanged++;
          else if (Object.keys(patch.tags ?? {}).length > tagsMax) edited.faults.push(tooManyTags(device, patch));
          else wanted.push({ device, patch });
        }
        if (wanted.length === 0) return;
        const written = wanted.map(({ device }) => device);
        await save([
          ...wanted.map(
            ({ device: { key }, patch }): RegistryChange => ({ type: 'patch_device', deviceKey: key, patch }),
          ),
          auditedAll(clock.now(), by, 'devices_edited', written, `${JSON.stringify(edit)} `),
        ]);
        for (const { device, patch } of wanted) {
          Object.assign(device, patch);
          if (patch.state === 'disabled') ended(device, 'device_disabled');
        }
        edited.changed += wanted.length;
        changed(written, 'edited');
      }),

    removeMany: (all, by) =>
      inPieces(all, async (piece, edited) => {
        if (piece.length === 0) return;
        await save([
          ...piece.map(({ key }): RegistryChange => ({ type: 'remove_device', deviceKey: key })),
          auditedAll(clock.now(), by, 'devices_removed', piece, ''),
        ]);
        for (const device of piece) {
          if (!devices.contains(device)) continue;
          devices.remove(device);
          ended(device, 'device_removed');
        }
        edited.changed += piece.length;
        changed(piece, 'removed');
      }),
  };
}

/** What the edit changes of this device. Empty: the device is as the edit wants it. */
function patchOf(device: Device, { model, state, removeTags = [], setTags = {} }: DeviceEdit): Patch {
  const tags = { ...device.tags };
  for (const name of removeTags) delete tags[name];
  Object.assign(tags, setTags);
  return {
    ...(model === undefined || model === device.model ? {} : { model }),
    ...(state === undefined || state === device.state ? {} : { state }),
    ...(sameTags(tags, device.tags) ? {} : { tags }),
  };
}

function sameTags(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function tooManyTags({ id }: Device, { tags = {} }: Patch): EditFault {
  const count = Object.keys(tags).length;
  return {
    id,
    code: 'too_many_tags',
    message: `Device ${id} would have ${count} tags; ${tagsMax} is the limit. Remove some in the same edit`,
  };
}

/** One record for all devices of a transaction: what was done, how many devices, and their ids. */
function auditedAll(
  at: number,
  by: string,
  action: AuditAction,
  devices: readonly Device[],
  what: string,
): RegistryChange {
  const ids = devices.map(({ id }) => id);
  return audited(at, by, action, ids[0], `${what}${countOf(ids.length, 'device')}: ${ids.join(', ')}`);
}
