import type Database from 'better-sqlite3';
import type { RejectedQuery, RejectedRow } from '../../domain/rejected.js';
import { statement } from '../sqlite/statement.js';

/** Reads the quarantine (log.db). */
export interface RejectedTable {
  /** A page of a device's rejected frames, newest first. */
  list(query: RejectedQuery): RejectedRow[];
  /** Null if the device has no such frame. */
  get(deviceKey: number, rid: string): RejectedRow | null;
}

const columns = `CAST(rid AS TEXT) AS rid, device AS deviceKey, stream, seq, received_at AS receivedAt, code, path, message,
  encoding, bytes, meaning, admitted_at AS admittedAt`;

type StoredRow = Omit<RejectedRow, 'meaning'> & { meaning: string | null };

const rowOf = ({ meaning, ...row }: StoredRow): RejectedRow => ({
  ...row,
  meaning: meaning === null ? null : JSON.parse(meaning),
});

export function openRejectedTable(db: Database.Database): RejectedTable {
  const page = statement<StoredRow, [deviceKey: number, before: number, limit: number]>(
    db,
    `SELECT ${columns} FROM quarantine WHERE device = ? AND quarantine.rid < ? ORDER BY quarantine.rid DESC LIMIT ?`,
  );
  const byRid = statement<StoredRow, [deviceKey: number, rid: number]>(
    db,
    `SELECT ${columns} FROM quarantine WHERE device = ? AND quarantine.rid = ?`,
  );
  return {
    list: ({ deviceKey, before, limit }) =>
      page.all(deviceKey, before === null ? Number.MAX_SAFE_INTEGER : Number(before), limit).map(rowOf),
    get(deviceKey, rid) {
      const row = byRid.get(deviceKey, Number(rid));
      return row === undefined ? null : rowOf(row);
    },
  };
}
