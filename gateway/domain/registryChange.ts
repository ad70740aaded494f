import type { CommandChange } from './command.js';
import type { Credential, Device, DeviceIdentity } from './device.js';
import type { AuditRecord, KeyRecord } from './operators.js';
import type { PresenceRecord } from './presence.js';

/** A change of what people manage. A list of them is one transaction, on disk when the call answers. */
export type RegistryChange =
  /** A new one, with its credentials. */
  | { type: 'put_device'; device: Device }
  /** Of one that may have been removed meanwhile: then nothing happens, as with the next ones. */
  | { type: 'patch_device'; deviceKey: number; patch: Partial<Pick<Device, 'model' | 'tags' | 'state' | 'attributes'>> }
  | { type: 'put_credential'; deviceKey: number; credential: Credential }
  | { type: 'retire_credential'; cid: string; notAfter: number }
  | { type: 'remove_credential'; cid: string }
  | { type: 'remove_device'; deviceKey: number }
  /** Its readings are to be taken out of every file; kept until that is done. */
  | { type: 'erase_device'; device: DeviceIdentity }
  | { type: 'device_erased'; deviceKey: number }
  | CommandChange
  | { type: 'put_key'; key: KeyRecord }
  | { type: 'remove_key'; id: string }
  | { type: 'put_presence'; records: PresenceRecord[] }
  /** By cid, or by key id. */
  | { type: 'credentials_used' | 'keys_used'; uses: { id: string; at: number }[] }
  | { type: 'audit'; record: AuditRecord };
