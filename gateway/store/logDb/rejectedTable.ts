import type Database from 'better-sqlite3';
import type { RejectedQuery, RejectedRow } from '../../domain/rejected.js';

const columns = `CAST(rid AS TEXT) AS rid, device AS deviceKey, stream, seq, received_at AS receivedAt, code, path, message,
  encoding, bytes, admitted_at AS admittedAt`;

/** Reads the quarantine (log.db). */
export function openRejectedTable(db: Database.Database) {
  const page = db.prepare(
    `SELECT ${columns} FROM quarantine WHERE device = ? AND quarantine.rid < ? ORDER BY quarantine.rid DESC LIMIT ?`,
  );
  const one = db.prepare(`SELECT ${columns} FROM quarantine WHERE device = ? AND quarantine.rid = ?`);
  return {
    list: ({ deviceKey, before, limit }: RejectedQuery): RejectedRow[] =>
      page.all(deviceKey, before === null ? Number.MAX_SAFE_INTEGER : Number(before), limit) as RejectedRow[],
    get: (deviceKey: number, rid: string): RejectedRow | null =>
      (one.get(deviceKey, Number(rid)) as RejectedRow | undefined) ?? null,
  };
}
