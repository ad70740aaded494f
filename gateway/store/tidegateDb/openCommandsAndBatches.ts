import type Database from 'better-sqlite3';
import type { CommandRecord, OpenBatch, WaitingMember } from '../../domain/command.js';
import { columnStatement, statement } from '../sqlite/statement.js';
import { type BatchRow, batchOf, type CommandRow, recordOf } from './commandRows.js';

/** The commands without a final state, in order of creation. */
export function readOpenCommands(db: Database.Database): CommandRecord[] {
  return statement<CommandRow>(db, 'SELECT * FROM commands WHERE ended_at IS NULL ORDER BY id').all().map(recordOf);
}

/** The command batches that run or may be resumed. */
export function readOpenBatches(db: Database.Database): OpenBatch[] {
  const waiting = statement<WaitingMember, [string]>(
    db,
    'SELECT position, device AS deviceKey, device_id AS device FROM batch_members WHERE batch = ? AND command IS NULL AND error IS NULL ORDER BY position',
  );
  const failures = columnStatement<number, [{ batch: string }]>(
    db,
    `SELECT (SELECT count(*) FROM commands WHERE batch = :batch AND state IN ('failed', 'rejected', 'expired', 'timed_out'))
      + (SELECT count(*) FROM batch_members WHERE batch = :batch AND error IS NOT NULL)`,
  );
  return statement<BatchRow>(db, "SELECT * FROM command_batches WHERE state IN ('running', 'stopped')")
    .all()
    .map((row) => ({
      batch: batchOf(row),
      waiting: waiting.all(row.id),
      failures: failures.get({ batch: row.id }) ?? 0,
    }));
}
