import type Database from 'better-sqlite3';
import type { Credential, Device, DeviceIdentity } from '../../domain/device.js';
import type { AuditQuery, AuditRow, KeyRecord } from '../../domain/operators.js';
import type { RegistryChange } from '../../domain/registryChange.js';
import { bringHome, busyTimeoutMs } from '../sqlite/openDatabase.js';
import { emptyWal } from '../sqlite/pragmas.js';
import { columnStatement, statement } from '../sqlite/statement.js';
import { openCommandTables } from './commandTables.js';
import { openPresenceTable } from './presenceTable.js';

/** The number of records in the audit. A new one replaces the oldest. */
export const auditRecordsMax = 200_000;

interface DeviceRow {
  key: number;
  id: string;
  name: string | null;
  notes: string | null;
  model: string | null;
  tags: string;
  state: Device['state'];
  created_at: number;
  attributes: string;
}

/** Devices, credentials, presence, keys, the audit and commands in tidegate.db, for the writer. */
export interface RegistryTables {
  /** Writes all changes or none. They are on disk when this returns. */
  change(changes: RegistryChange[]): void;
  /**
   * Removes the commands of a removed device, and the values from the audit of its changes; its erasure must be noted. The write-ahead log is emptied, because it has the earlier state of every row that was changed
   * or deleted, such as tags, attributes and parameters.
   */
  forget(deviceKey: number): void;
}

export function openRegistryTables(db: Database.Database): RegistryTables {
  // When a command ends, its secret parameters are removed from its row, and with this setting also from the file.
  db.pragma('secure_delete = ON');
  const commands = openCommandTables(db);
  const presence = openPresenceTable(db);
  const putDevice = db.prepare(
    'INSERT INTO devices (key, id, name, notes, model, tags, state, created_at, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const patchDevice = db.prepare(`
    UPDATE devices SET name = CASE WHEN ? THEN ? ELSE name END, notes = CASE WHEN ? THEN ? ELSE notes END,
      model = CASE WHEN ? THEN ? ELSE model END, tags = coalesce(?, tags), state = coalesce(?, state),
      attributes = coalesce(?, attributes) WHERE key = ?`);
  const putCredential = db.prepare(`
    INSERT INTO credentials (cid, hash, created_at, not_before, not_after, last_used_at, device)
    SELECT ?, ?, ?, ?, ?, ?, key FROM devices WHERE key = ?`);
  const retireCredential = db.prepare('UPDATE credentials SET not_after = ? WHERE cid = ?');
  const dropCredential = db.prepare('DELETE FROM credentials WHERE cid = ?');
  const useCredential = db.prepare('UPDATE credentials SET last_used_at = ? WHERE cid = ?');
  const dropDevice = db.prepare('DELETE FROM devices WHERE key = ?');
  const putErasure = db.prepare(
    'INSERT OR REPLACE INTO erasures (device_key, device_id, device_created_at) VALUES (?, ?, ?)',
  );
  const dropErasure = db.prepare('DELETE FROM erasures WHERE device_key = ?');
  const putKey = db.prepare(
    'INSERT OR REPLACE INTO keys (id, name, role, hash, created_at, not_after, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const useKey = db.prepare('UPDATE keys SET last_used_at = ? WHERE id = ?');
  const dropKey = db.prepare('DELETE FROM keys WHERE id = ?');
  const eraseDetails = db.prepare(`
    UPDATE audit SET detail = 'erased' FROM erasures AS e
    WHERE e.device_key = :deviceKey AND audit.action = 'device_updated' AND audit.subject = e.device_id
      AND audit.at >= e.device_created_at`);
  const putAudit = db.prepare('INSERT INTO audit (at, by, action, subject, detail) VALUES (?, ?, ?, ?, ?)');
  const trimAudit = db.prepare(`DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ${auditRecordsMax}`);

  function apply(change: RegistryChange): void {
    switch (change.type) {
      case 'put_device':
        return putWholeDevice(change.device);
      case 'patch_device':
        return patch(change.deviceKey, change.patch);
      case 'put_credential':
        return putOneCredential(change.deviceKey, change.credential);
      case 'retire_credential':
        retireCredential.run(change.notAfter, change.cid);
        return;
      case 'remove_credential':
        dropCredential.run(change.cid);
        return;
      case 'remove_device':
        dropDevice.run(change.deviceKey);
        return;
      case 'erase_device':
        putErasure.run(change.device.key, change.device.id, change.device.createdAt);
        return;
      case 'device_erased':
        dropErasure.run(change.deviceKey);
        return;
      case 'put_key': {
        const { id, name, role, hash, createdAt, notAfter, lastUsedAt } = change.key;
        putKey.run(id, name, role, hash, createdAt, notAfter, lastUsedAt);
        return;
      }
      case 'remove_key':
        dropKey.run(change.id);
        return;
      case 'put_presence':
        for (const record of change.records) presence.put(record);
        return;
      case 'credentials_used':
        for (const { id, at } of change.uses) useCredential.run(at, id);
        return;
      case 'keys_used':
        for (const { id, at } of change.uses) useKey.run(at, id);
        return;
      case 'audit': {
        const { at, by, action, subject, detail } = change.record;
        putAudit.run(at, by, action, subject, detail);
        return;
      }
      default:
        commands.apply(change);
    }
  }

  function putWholeDevice(device: Device): void {
    const { key, id, name, notes, model, tags, state, createdAt, attributes } = device;
    putDevice.run(key, id, name, notes, model, JSON.stringify(tags), state, createdAt, JSON.stringify(attributes));
    for (const credential of device.credentials) putOneCredential(key, credential);
  }

  function patch(key: number, { name, notes, model, tags, state, attributes }: Partial<Device>): void {
    const text = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value));
    // Null is a value of these fields, so a flag says whether the field changes.
    const nullable = [name, notes, model].flatMap((value) => [value === undefined ? 0 : 1, value ?? null]);
    patchDevice.run(...nullable, text(tags), state ?? null, text(attributes), key);
  }

  function putOneCredential(key: number, credential: Credential): void {
    const { cid, hash, createdAt, notBefore, notAfter, lastUsedAt } = credential;
    putCredential.run(cid, hash, createdAt, notBefore, notAfter, lastUsedAt, key);
  }

  const transact = db.transaction((changes: RegistryChange[]) => {
    for (const change of changes) apply(change);
    trimAudit.run();
  });

  /** True while the write-ahead log may have pages with parameters that have been blacked out since. */
  let mustClear = true;

  /** Empties the write-ahead log, unless a reader uses it: then the next change tries again. */
  function clearLog(): void {
    db.pragma('busy_timeout = 0');
    try {
      mustClear = !emptyWal(db);
    } finally {
      db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    }
  }

  return {
    change(changes) {
      transact.immediate(changes);
      mustClear ||= changes.some((change) => 'params' in change && change.params !== undefined);
      if (mustClear) clearLog();
    },
    forget(deviceKey) {
      db.transaction(() => {
        commands.erase(deviceKey);
        eraseDetails.run({ deviceKey });
      }).immediate();
      bringHome(db, 'tidegate.db');
    },
  };
}

/** The devices in order of their ids, and the next free key. */
export function readDevices(db: Database.Database): { devices: Device[]; nextDeviceKey: number } {
  const credentials = readCredentials(db);
  const rows = statement<DeviceRow>(db, 'SELECT * FROM devices ORDER BY id').all();
  const devices = rows.map(
    ({ key, id, name, notes, model, tags, state, created_at, attributes }): Device => ({
      key,
      id,
      name,
      notes,
      model,
      tags: JSON.parse(tags),
      state,
      createdAt: created_at,
      attributes: JSON.parse(attributes),
      credentials: credentials.get(key) ?? [],
    }),
  );
  const highest = columnStatement<number>(db, "SELECT seq FROM sqlite_sequence WHERE name = 'devices'").get();
  return { devices, nextDeviceKey: (highest ?? 0) + 1 };
}

/** By the key of the device. */
function readCredentials(db: Database.Database): Map<number, Credential[]> {
  const rows = statement<Credential & { device: number }>(
    db,
    `SELECT device, cid, hash, created_at AS createdAt, not_before AS notBefore, not_after AS notAfter, last_used_at AS lastUsedAt
    FROM credentials ORDER BY device, cid`,
  );
  const credentials = new Map<number, Credential[]>();
  for (const { device, ...credential } of rows.all()) {
    const list = credentials.get(device);
    if (list === undefined) credentials.set(device, [credential]);
    else list.push(credential);
  }
  return credentials;
}

/** The removed devices whose readings are not erased from the files yet. */
export function readErasures(db: Database.Database): DeviceIdentity[] {
  return statement<DeviceIdentity>(
    db,
    'SELECT device_key AS "key", device_id AS id, device_created_at AS createdAt FROM erasures ORDER BY device_key',
  ).all();
}

export function readKeys(db: Database.Database): KeyRecord[] {
  return statement<KeyRecord>(
    db,
    'SELECT id, name, role, hash, created_at AS createdAt, not_after AS notAfter, last_used_at AS lastUsedAt FROM keys ORDER BY created_at',
  ).all();
}

/** A page of the audit, newest first. A filter has no index: the audit has at most `auditRecordsMax` lines. */
export function readAudit(db: Database.Database, query: AuditQuery): AuditRow[] {
  return statement<AuditRow, [AuditQuery]>(
    db,
    `SELECT id, at, by, action, subject, detail FROM audit
    WHERE id < coalesce(:before, 9007199254740991) AND (:by IS NULL OR by = :by) AND (:action IS NULL OR action = :action)
      AND (:subject IS NULL OR subject = :subject) AND (:from IS NULL OR at >= :from) AND (:to IS NULL OR at < :to)
    ORDER BY id DESC LIMIT :limit`,
  ).all(query);
}
