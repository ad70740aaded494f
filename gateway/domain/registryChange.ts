import type { CommandChange } from './command.js';
import type { Credential, Device, DeviceIdentity } from './device.js';
import type { AuditRecord, KeyRecord } from './operators.js';
import type { PresenceRecord } from './presence.js';

/**
 * A change of tidegate.db. A list of them is one transaction, on disk when the call returns. A change of a device that was removed
 * meanwhile does nothing.
 */
export type RegistryChange =
  /** A new device, with its credentials. */
  | { type: 'put_device'; device: Device }
  | {
      type: 'patch_device';
      deviceKey: number;
      patch: Partial<Pick<Device, 'name' | 'notes' | 'model' | 'tags' | 'state' | 'attributes'>>;
    }
  | { type: 'put_credential'; deviceKey: number; credential: Credential }
  | { type: 'retire_credential'; cid: string; notAfter: number }
  | { type: 'remove_credential'; cid: string }
  | { type: 'remove_device'; deviceKey: number }
  /** The device's readings are to be taken out of every file; remembered until `device_erased`. */
  | { type: 'erase_device'; device: DeviceIdentity }
  | { type: 'device_erased'; deviceKey: number }
  | CommandChange
  | { type: 'put_key'; key: KeyRecord }
  | { type: 'remove_key'; id: string }
  | { type: 'put_presence'; records: PresenceRecord[] }
  /** `id` is the cid of a credential, or the id of a key; `at` is Unix ms. */
  | { type: 'credentials_used' | 'keys_used'; uses: { id: string; at: number }[] }
  | { type: 'audit'; record: AuditRecord };
