import type Database from 'better-sqlite3';
import type { BatchRecord, CommandEventRecord, CommandState, CommandView } from '../../domain/command.js';
import { type BatchRow, batchOf, type CommandRow, recordOf } from './commandRows.js';

/** Reads for operators, on a connection that only reads. */
export function openCommandReads(db: Database.Database) {
  const one = db.prepare('SELECT * FROM commands WHERE id = ?');
  const events = db.prepare('SELECT state, at, cause FROM command_events WHERE command = ? ORDER BY id');
  const ofDevice = db.prepare('SELECT * FROM commands WHERE device = ? AND id < ? ORDER BY id DESC LIMIT ?');
  const byKey = db.prepare(
    'SELECT id, body_hash AS bodyHash, state FROM commands WHERE by = ? AND idempotency_key = ?',
  );
  const batch = db.prepare('SELECT * FROM command_batches WHERE id = ?');
  const batches = db.prepare('SELECT * FROM command_batches WHERE id < ? ORDER BY id DESC LIMIT ?');
  const counts = db.prepare('SELECT state, count(*) AS count FROM commands WHERE batch = ? GROUP BY state').raw();
  const members = db.prepare(
    'SELECT sum(command IS NULL AND error IS NULL) AS waiting, sum(error IS NOT NULL) AS refused FROM batch_members WHERE batch = ?',
  );
  const failed = db.prepare(`
    SELECT m.device_id AS device, m.command, coalesce(c.state, 'refused') AS state, coalesce(c.error, m.error) AS error
    FROM batch_members AS m LEFT JOIN commands AS c ON c.id = m.command
    WHERE m.batch = ? AND (m.error IS NOT NULL OR c.state IN ('failed', 'rejected', 'expired', 'timed_out'))
    ORDER BY m.position LIMIT ?`);

  const view = (row: CommandRow): CommandView => ({
    ...recordOf(row),
    history: events.all(row.id) as CommandEventRecord[],
  });

  return {
    command(id: string): CommandView | null {
      const row = one.get(id) as CommandRow | undefined;
      return row === undefined ? null : view(row);
    },
    /** Newest first, below id `before`. */
    commands: ({
      deviceKey,
      before,
      limit,
    }: {
      deviceKey: number;
      before: string | null;
      limit: number;
    }): CommandView[] => (ofDevice.all(deviceKey, before ?? '~', limit) as CommandRow[]).map(view),
    commandByKey: (by: string, key: string): { id: string; bodyHash: string; state: CommandState } | null =>
      (byKey.get(by, key) as { id: string; bodyHash: string; state: CommandState } | undefined) ?? null,
    batch(id: string, failedMax: number) {
      const row = batch.get(id) as BatchRow | undefined;
      if (row === undefined) return null;
      const { waiting, refused } = members.get(id) as { waiting: number | null; refused: number | null };
      return {
        ...batchOf(row),
        counts: {
          waiting: waiting ?? 0,
          refused: refused ?? 0,
          ...(Object.fromEntries(counts.all(id) as [CommandState, number][]) as Partial<Record<CommandState, number>>),
        },
        failed: (
          failed.all(id, failedMax) as { device: string; command: string | null; state: string; error: string | null }[]
        ).map(({ error, ...rest }) => ({ ...rest, error: error === null ? null : (JSON.parse(error) as unknown) })),
      };
    },
    batches: ({ before, limit }: { before: string | null; limit: number }): BatchRecord[] =>
      (batches.all(before ?? '~', limit) as BatchRow[]).map(batchOf),
  };
}
