import type { AuditAction } from '../../schemas/tables/auditActions.js';
import type { RegistryChange } from '../domain/registryChange.js';

/** The change that notes in the audit trail, at `at` (Unix ms), that `by` did `action` to `subject`. */
export function audited(
  at: number,
  by: string,
  action: AuditAction,
  subject: string,
  detail: string | null = null,
): RegistryChange {
  return { type: 'audit', record: { at, by, action, subject, detail } };
}
