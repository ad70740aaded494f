import type Database from 'better-sqlite3';
import type { LastClose, PresenceRecord } from '../../domain/presence.js';
import { statement } from '../sqlite/statement.js';

interface PresenceRow {
  device: number;
  online: 0 | 1;
  since: number | null;
  address: string | null;
  subprotocol: string | null;
  stream: string | null;
  agent: string | null;
  firmware: string | null;
  reconnects: number;
  closed_at: number | null;
  close_code: number;
  close_name: string | null;
  closed_by: LastClose['by'];
  close_reason: string;
  back_at: number | null;
}

/** Presence in tidegate.db, for the writer. */
export interface PresenceTable {
  /** Does nothing if the device was removed meanwhile. */
  put(record: PresenceRecord): void;
}

export function openPresenceTable(db: Database.Database): PresenceTable {
  const put = db.prepare(`
    INSERT OR REPLACE INTO presence (device, online, since, address, subprotocol, stream, agent, firmware, reconnects,
      closed_at, close_code, close_name, closed_by, close_reason, back_at)
    SELECT key, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM devices WHERE key = ?`);

  return {
    put(record) {
      const { deviceKey, online, since, address, subprotocol, stream, agent, firmware, reconnects } = record;
      const { at = null, code = null, name = null, by = null, reason = null } = record.lastClose ?? {};
      const close = [at, code, name, by, reason, record.backAt];
      const link = [since, address, subprotocol, stream, agent, firmware, reconnects];
      put.run(online ? 1 : 0, ...link, ...close, deviceKey);
    },
  };
}

/** The presence of every device that ever connected, by key. */
export function readPresence(db: Database.Database): PresenceRecord[] {
  const rows = statement<PresenceRow>(db, 'SELECT * FROM presence ORDER BY device').all();
  return rows.map((row) => {
    const { device, online, closed_at, close_code, close_name, closed_by, close_reason, back_at, ...rest } = row;
    const lastClose =
      closed_at === null
        ? null
        : { at: closed_at, code: close_code, name: close_name, by: closed_by, reason: close_reason };
    return { ...rest, deviceKey: device, online: online === 1, lastClose, backAt: back_at };
  });
}
