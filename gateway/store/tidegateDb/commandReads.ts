import type Database from 'better-sqlite3';
import {
  type CommandEventRecord,
  type CommandReads,
  type CommandState,
  type CommandView,
  type CountedBatch,
  type FailedMember,
  isFinal,
} from '../../domain/command.js';
import { statement, tupleStatement } from '../sqlite/statement.js';
import { type BatchRow, batchOf, type CommandRow, recordOf } from './commandRows.js';

type PageArguments = [before: string, limit: number];

/** Greater than any id. */
const endOfIds = '~';

/** The reads for operators, on a read-only connection. */
export function openCommandReads(db: Database.Database): CommandReads {
  const byId = statement<CommandRow, [string]>(db, 'SELECT * FROM commands WHERE id = ?');
  const events = statement<CommandEventRecord, [string]>(
    db,
    'SELECT state, at, cause FROM command_events WHERE command = ? ORDER BY id',
  );
  const ofDevice = statement<CommandRow, [deviceKey: number, ...PageArguments]>(
    db,
    'SELECT * FROM commands WHERE device = ? AND id < ? ORDER BY id DESC LIMIT ?',
  );
  const byKey = statement<{ id: string; bodyHash: string; state: CommandState }, [by: string, key: string]>(
    db,
    'SELECT id, body_hash AS bodyHash, state FROM commands WHERE by = ? AND idempotency_key = ?',
  );
  const batches = statement<BatchRow, PageArguments>(
    db,
    'SELECT * FROM command_batches WHERE id < ? ORDER BY id DESC LIMIT ?',
  );

  const counted = openBatchCounts(db);
  const view = (row: CommandRow): CommandView => ({ ...recordOf(row), history: events.all(row.id) });

  return {
    command(id) {
      const row = byId.get(id);
      return row === undefined ? null : view(row);
    },
    allCommands: openHistoryRead(db, view),
    commands: ({ deviceKey, before, limit }) => ofDevice.all(deviceKey, before ?? endOfIds, limit).map(view),
    commandByKey: (by, key) => byKey.get(by, key) ?? null,
    batch: openBatchRead(db, counted),
    batches: ({ before, limit }) => batches.all(before ?? endOfIds, limit).map(counted),
  };
}

/** Only the conditions that are wanted are in the SQL, so that SQLite finds the index for them. */
function openHistoryRead(db: Database.Database, view: (row: CommandRow) => CommandView): CommandReads['allCommands'] {
  const prepared = new Map<string, Database.Statement<[Record<string, string | number | null>], CommandRow>>();
  return ({ deviceKey, name, state, from, to, after, limit }) => {
    const conditions = [
      deviceKey === null ? '' : 'device = :deviceKey',
      name === null ? '' : 'name = :name',
      // The index of states has only commands that have ended, because each move of an open one would change it.
      state === null ? '' : `state = :state AND ended_at IS ${isFinal(state) ? 'NOT ' : ''}NULL`,
      from === null ? '' : 'created_at >= :from',
      to === null ? '' : 'created_at < :to',
      after === null ? '' : '(created_at, id) < (:createdAt, :id)',
    ].filter((condition) => condition !== '');
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    // Open commands are few and have an index of their own, which SQLite takes only if no other one gives the order.
    const order = state !== null && !isFinal(state) ? '+created_at DESC, +id DESC' : 'created_at DESC, id DESC';
    let read = prepared.get(where);
    if (read === undefined) {
      read = statement(db, `SELECT * FROM commands ${where} ORDER BY ${order} LIMIT :limit`);
      prepared.set(where, read);
    }
    const place = { createdAt: after?.createdAt ?? null, id: after?.id ?? null };
    return read.all({ deviceKey, name, state, from, to, ...place, limit }).map(view);
  };
}

/** Adds the counts of its members to a batch. */
function openBatchCounts(db: Database.Database): (row: BatchRow) => CountedBatch {
  const counts = tupleStatement<[CommandState, number], [string]>(
    db,
    'SELECT state, count(*) AS count FROM commands WHERE batch = ? GROUP BY state',
  );
  const members = statement<{ waiting: number | null; refused: number | null }, [string]>(
    db,
    'SELECT sum(command IS NULL AND error IS NULL) AS waiting, sum(error IS NOT NULL) AS refused FROM batch_members WHERE batch = ?',
  );
  return (row) => {
    const { waiting = null, refused = null } = members.get(row.id) ?? {};
    const ofStates: Partial<Record<CommandState, number>> = {};
    for (const [state, count] of counts.all(row.id)) ofStates[state] = count;
    return { ...batchOf(row), counts: { waiting: waiting ?? 0, refused: refused ?? 0, ...ofStates } };
  };
}

function openBatchRead(db: Database.Database, counted: (row: BatchRow) => CountedBatch): CommandReads['batch'] {
  const byId = statement<BatchRow, [string]>(db, 'SELECT * FROM command_batches WHERE id = ?');
  const failed = statement<Omit<FailedMember, 'error'> & { error: string | null }, [batch: string, limit: number]>(
    db,
    `SELECT m.device_id AS device, m.command, coalesce(c.state, 'refused') AS state, coalesce(c.error, m.error) AS error
    FROM batch_members AS m LEFT JOIN commands AS c ON c.id = m.command
    WHERE m.batch = ? AND (m.error IS NOT NULL OR c.state IN ('failed', 'rejected', 'expired', 'timed_out'))
    ORDER BY m.position LIMIT ?`,
  );
  return (id, failedMax) => {
    const row = byId.get(id);
    if (row === undefined) return null;
    return {
      ...counted(row),
      failed: failed
        .all(id, failedMax)
        .map(({ error, ...rest }) => ({ ...rest, error: error === null ? null : JSON.parse(error) })),
    };
  };
}
