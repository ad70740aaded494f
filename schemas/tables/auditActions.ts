/**
 * What the audit records. The key is the `action` of an entry, `of` says what its `subject` names, and `title` is what a person
 * reads. Actions of older versions stay in this table, because their entries may still be there.
 */
export const auditActions = {
  device_created: { of: 'device', title: 'Added a device' },
  devices_imported: { of: 'device', title: 'Imported devices' },
  device_updated: { of: 'device', title: 'Changed a device' },
  devices_edited: { of: 'device', title: 'Changed many devices' },
  devices_removed: { of: 'device', title: 'Removed many devices' },
  device_removed: { of: 'device', title: 'Removed a device' },
  device_erased: { of: 'device', title: 'Erased the readings of a device' },
  credential_added: { of: 'device', title: 'Created a secret' },
  credentials_retired: { of: 'device', title: 'Set older secrets to expire' },
  credential_revoked: { of: 'device', title: 'Revoked a secret' },
  frame_admitted: { of: 'device', title: 'Admitted a rejected frame' },
  command_created: { of: 'device', title: 'Sent a command' },
  command_cancelled: { of: 'device', title: 'Cancelled a command' },
  batch_created: { of: 'batch', title: 'Started a command batch' },
  batch_stopped: { of: 'batch', title: 'Stopped a command batch' },
  batch_resumed: { of: 'batch', title: 'Resumed a command batch' },
  key_created: { of: 'key', title: 'Created an operator key' },
  key_revoked: { of: 'key', title: 'Revoked an operator key' },
  gateway_reloaded: { of: 'gateway', title: 'Reloaded the configuration' },
  backup_started: { of: 'gateway', title: 'Started a backup' },
  packing_started: { of: 'gateway', title: 'Started to pack old days' },
  export_started: { of: 'gateway', title: 'Started an export' },
  export_cancelled: { of: 'gateway', title: 'Cancelled an export' },
  clock_confirmed: { of: 'gateway', title: 'Confirmed the clock' },
} as const satisfies Record<string, { of: 'device' | 'batch' | 'key' | 'gateway'; title: string }>;

/** A key of `auditActions`, for example `device_created`. */
export type AuditAction = keyof typeof auditActions;

/** Every action, in the order of the table. */
export const auditActionNames = Object.keys(auditActions) as AuditAction[];
