import type { Role } from '../../schemas/tables/roles.js';

/** An operator key; `hash` is the SHA-256 of its text. */
export interface KeyRecord {
  id: string;
  name: string;
  role: Role;
  hash: Uint8Array;
  createdAt: number;
  /** Unix ms from which it is no longer accepted, or null. */
  notAfter: number | null;
  /** Stored some time later. */
  lastUsedAt: number | null;
}

/** One line of the audit. */
export interface AuditRecord {
  /** Unix ms. */
  at: number;
  /** The key's id, or `cli`, or `gateway`. */
  by: string;
  action: string;
  /** The device, key or rid that was changed. */
  subject: string;
  detail: string | null;
}
