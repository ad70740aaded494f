import type { Credential, Device } from '../domain/device.js';
import { RegistryError } from './errors.js';

/** All devices in memory, found by id, by key and by the hash of each of their secrets. It knows nothing of the disk. */
export class DeviceTable {
  private readonly byId = new Map<string, Device>();
  private readonly byKey = new Map<number, Device>();
  private readonly bySecretHash = new Map<string, { device: Device; credential: Credential }>();

  constructor(devices: Iterable<Device>) {
    for (const device of devices) this.add(device);
  }

  get size(): number {
    return this.byId.size;
  }

  all(): IterableIterator<Device> {
    return this.byId.values();
  }

  get(id: string): Device | undefined {
    return this.byId.get(id);
  }

  getByKey(key: number): Device | undefined {
    return this.byKey.get(key);
  }

  /** The device and credential whose secret has this SHA-256. */
  findSecret(hash: Uint8Array): { device: Device; credential: Credential } | undefined {
    return this.bySecretHash.get(mapKeyOf(hash));
  }

  /** Throws RegistryError device_unknown. */
  need(id: string): Device {
    const device = this.byId.get(id);
    if (device === undefined) throw new RegistryError('device_unknown', `There is no device ${id}`);
    return device;
  }

  /** False if the device was removed, even if another one has its id now. */
  contains(device: Device): boolean {
    return this.byKey.get(device.key) === device;
  }

  add(device: Device): void {
    this.byId.set(device.id, device);
    this.byKey.set(device.key, device);
    for (const credential of device.credentials) this.index(device, credential);
  }

  remove(device: Device): void {
    this.byId.delete(device.id);
    this.byKey.delete(device.key);
    for (const { hash } of device.credentials) this.bySecretHash.delete(mapKeyOf(hash));
  }

  /** Does nothing if the device was removed in the meantime. */
  addCredential(device: Device, credential: Credential): void {
    if (!this.contains(device)) return;
    device.credentials.push(credential);
    this.index(device, credential);
  }

  removeCredential(device: Device, credential: Credential): void {
    this.bySecretHash.delete(mapKeyOf(credential.hash));
    const at = device.credentials.indexOf(credential);
    if (at >= 0) device.credentials.splice(at, 1);
  }

  private index(device: Device, credential: Credential): void {
    this.bySecretHash.set(mapKeyOf(credential.hash), { device, credential });
  }
}

/** A Map compares arrays of bytes by identity, and strings by content. */
function mapKeyOf(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1');
}
