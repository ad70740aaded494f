import type { Scalar } from './series.js';

export interface Credential {
  cid: string;
  /** SHA-256 of the secret. */
  hash: Uint8Array;
  createdAt: number;
  /** Unix ms from which it is accepted; null: from the beginning. */
  notBefore: number | null;
  /** Unix ms from which it is no longer accepted, or null. */
  notAfter: number | null;
  /** When a link was last opened with it; stored some time later. */
  lastUsedAt: number | null;
}

/** A device as the registry knows it. `key` is never given again, so a removed id's next owner is another device. */
export interface Device {
  key: number;
  id: string;
  model: string | null;
  tags: Record<string, string>;
  state: 'active' | 'disabled';
  createdAt: number;
  attributes: Record<string, Scalar>;
  credentials: Credential[];
}

/** The `cid` of a link that was opened by a client certificate, and so by no stored credential. */
export const certificateCid = 'certificate';

export interface DeviceIdentity {
  id: string;
  key: number;
  createdAt: number;
}
