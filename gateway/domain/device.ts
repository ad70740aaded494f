import type { Scalar } from './series.js';

/** What a device authenticates with. */
export interface Credential {
  cid: string;
  /** SHA-256 of the secret. */
  hash: Uint8Array;
  createdAt: number;
  /** Unix ms from which it is accepted; null: at once. */
  notBefore: number | null;
  /** Unix ms from which it is no longer accepted, or null. */
  notAfter: number | null;
  /** When a link was last opened with it; stored some time later. */
  lastUsedAt: number | null;
}

/** A device as the registry knows it. `key` is never used again, so the next device with a removed id is another device. */
export interface Device {
  key: number;
  id: string;
  /** What people call it; null: it has no name. */
  name: string | null;
  /** What operators noted about it; null: nothing. */
  notes: string | null;
  model: string | null;
  tags: Record<string, string>;
  state: 'active' | 'disabled';
  createdAt: number;
  attributes: Record<string, Scalar>;
  credentials: Credential[];
}

/** What operators did to devices. */
export type DeviceNews = 'created' | 'edited' | 'removed';

/** The `cid` of a link that was opened by a client certificate, and so by no stored credential. */
export const certificateCid = 'certificate';

/** What distinguishes a device from earlier and later ones with the same id. */
export interface DeviceIdentity {
  id: string;
  key: number;
  createdAt: number;
}
