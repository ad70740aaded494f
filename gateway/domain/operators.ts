import type { AuditAction } from '../../schemas/tables/auditActions.js';
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

/** Which lines of the audit are wanted, newest first; null: whatever it is. Times in Unix ms. */
export interface AuditQuery {
  by: string | null;
  action: AuditAction | null;
  subject: string | null;
  /** The earliest time. */
  from: number | null;
  /** The time from which on no line is wanted. */
  to: number | null;
  /** Only lines with a lower number than this. */
  before: number | null;
  limit: number;
}

/** One line of the audit. */
export interface AuditRecord {
  /** Unix ms. */
  at: number;
  /** The key's id, or `cli`, or `gateway`. */
  by: string;
  action: AuditAction;
  /** The device, key or rid that was changed. */
  subject: string;
  detail: string | null;
}

/** A line of the audit as it is stored. Later lines have higher numbers. */
export type AuditRow = AuditRecord & { id: number };
