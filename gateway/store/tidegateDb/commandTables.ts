import type Database from 'better-sqlite3';
import type { CommandState } from '../../command/lifecycle.js';
import type { BatchRecord, CommandChange, CommandEventRecord, CommandRecord, CommandView } from '../threads/calls.js';

/** Commands, their events, and batches of them, in tidegate.db. */
export function openCommandTables(db: Database.Database) {
  const insert = db.prepare(`
    INSERT INTO commands (id, device, device_id, name, params, state, created_at, expires_at, deadline_ms, supersedes, by, batch,
      idempotency_key, body_hash, attempted)
    VALUES (:id, :deviceKey, :device, :name, :params, :state, :createdAt, :expiresAt, :deadlineMs, :supersedes, :by, :batch,
      :idempotencyKey, :bodyHash, :attempted)`);
  const addEvent = db.prepare(
    'INSERT INTO command_events (command, state, at, cause) VALUES (:id, :state, :at, :cause)',
  );
  // Once a state, so that a device that goes on talking after the end does not fill the disk.
  const addWord = db.prepare(`
    INSERT INTO command_events (command, state, at, cause)
    SELECT :id, :state, :at, :cause WHERE NOT EXISTS (SELECT 1 FROM command_events WHERE command = :id AND state = :state)`);
  const move = db.prepare(`
    UPDATE commands SET state = :state, result = coalesce(:result, result), error = coalesce(:error, error),
      params = coalesce(:params, params), sent_at = coalesce(:sentAt, sent_at), ended_at = coalesce(:endedAt, ended_at)
    WHERE id = :id AND ended_at IS NULL`);
  const attempt = db.prepare('UPDATE commands SET attempted = ? WHERE id = ?');
  const putBatch = db.prepare(`
    INSERT INTO command_batches (id, name, params, target, state, total, concurrency, abort_percent, ttl_ms, deadline_ms,
      supersedes, created_at, ended_at, by)
    VALUES (:id, :name, :params, :target, :state, :total, :concurrency, :abortOnFailurePercent, :ttlMs, :deadlineMs,
      :supersedes, :createdAt, :endedAt, :by)`);
  const addMember = db.prepare(
    'INSERT INTO batch_members (batch, position, device, device_id, error) VALUES (?, ?, ?, ?, ?)',
  );
  const startMember = db.prepare('UPDATE batch_members SET command = ?, error = ? WHERE batch = ? AND position = ?');
  const moveBatch = db.prepare(
    'UPDATE command_batches SET state = ?, params = coalesce(?, params), ended_at = ? WHERE id = ?',
  );
  const trimEvents = db.prepare(
    'DELETE FROM command_events WHERE command IN (SELECT id FROM commands WHERE ended_at < ? LIMIT 2000)',
  );
  const trimMembers = db.prepare(`
    DELETE FROM batch_members WHERE (batch, position) IN (
      SELECT batch, position FROM command_batches JOIN batch_members ON batch = id WHERE ended_at < ? LIMIT 2000)`);
  const trimBatches = db.prepare(
    'DELETE FROM command_batches WHERE ended_at < ? AND NOT EXISTS (SELECT 1 FROM batch_members WHERE batch = id)',
  );
  const trim = db.prepare('DELETE FROM commands WHERE id IN (SELECT id FROM commands WHERE ended_at < ? LIMIT 2000)');
  const eraseEvents = db.prepare(
    'DELETE FROM command_events WHERE command IN (SELECT id FROM commands WHERE device = ?)',
  );
  const erase = db.prepare('DELETE FROM commands WHERE device = ?');

  const json = (value: unknown): string | null =>
    value === undefined || value === null ? null : JSON.stringify(value);

  function apply(change: CommandChange): void {
    switch (change.type) {
      case 'put_command': {
        const { command, cause } = change;
        const { id, deviceKey, device, name, params, state, createdAt, expiresAt, deadlineMs } = command;
        const { supersedes, by, batch, idempotencyKey, bodyHash, attempted } = command;
        insert.run({
          ...{ id, deviceKey, device, name, params: JSON.stringify(params), state, createdAt, expiresAt, deadlineMs },
          ...{ supersedes, by, batch, idempotencyKey, bodyHash, attempted: attempted ? 1 : 0 },
        });
        addEvent.run({ id: command.id, state: command.state, at: command.createdAt, cause });
        return;
      }
      case 'command_moved': {
        const { id, state, at, cause, result, error, params, sentAt = null, endedAt = null } = change;
        const moved = move.run({
          id,
          state,
          result: json(result),
          error: json(error),
          params: json(params),
          sentAt,
          endedAt,
        });
        if (moved.changes > 0) addEvent.run({ id, state, at, cause });
        return;
      }
      case 'command_event':
        addWord.run({ id: change.id, state: change.state, at: change.at, cause: change.cause });
        return;
      case 'command_attempted':
        attempt.run(change.attempted ? 1 : 0, change.id);
        return;
      case 'put_batch': {
        const { batch, members } = change;
        putBatch.run({ ...batch, params: JSON.stringify(batch.params), target: JSON.stringify(batch.target) });
        members.forEach(({ deviceKey, device, error }, position) => {
          addMember.run(batch.id, position, deviceKey, device, error);
        });
        return;
      }
      case 'batch_member':
        startMember.run(change.command, change.error, change.batch, change.position);
        return;
      case 'batch_moved':
        moveBatch.run(change.state, json(change.params), change.endedAt, change.id);
        return;
      case 'trim_commands':
        trimEvents.run(change.before);
        trim.run(change.before);
        trimMembers.run(change.before);
        trimBatches.run(change.before);
        return;
      default:
        change satisfies never;
    }
  }

  return {
    apply,
    erase(deviceKey: number): void {
      eraseEvents.run(deviceKey);
      erase.run(deviceKey);
    },
  };
}

interface CommandRow {
  id: string;
  device: number;
  device_id: string;
  name: string;
  params: string;
  state: CommandState;
  result: string | null;
  error: string | null;
  created_at: number;
  expires_at: number;
  deadline_ms: number;
  sent_at: number | null;
  ended_at: number | null;
  supersedes: string | null;
  by: string;
  batch: string | null;
  body_hash: string | null;
  idempotency_key: string | null;
  attempted: number;
}

function recordOf(row: CommandRow): CommandRecord {
  const parsed = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));
  return {
    id: row.id,
    deviceKey: row.device,
    device: row.device_id,
    name: row.name,
    params: JSON.parse(row.params) as CommandRecord['params'],
    secrets: [],
    state: row.state,
    result: parsed(row.result),
    error: parsed(row.error),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    deadlineMs: row.deadline_ms,
    sentAt: row.sent_at,
    endedAt: row.ended_at,
    supersedes: row.supersedes,
    by: row.by,
    batch: row.batch,
    idempotencyKey: row.idempotency_key,
    bodyHash: row.body_hash,
    attempted: row.attempted === 1,
  };
}

/** Commands without an end, in order of creation. */
export function readOpenCommands(db: Database.Database): CommandRecord[] {
  return (db.prepare('SELECT * FROM commands WHERE ended_at IS NULL ORDER BY id').all() as CommandRow[]).map(recordOf);
}

interface BatchRow {
  id: string;
  name: string;
  params: string;
  target: string;
  state: BatchRecord['state'];
  total: number;
  concurrency: number;
  abort_percent: number | null;
  ttl_ms: number | null;
  deadline_ms: number | null;
  supersedes: string | null;
  created_at: number;
  ended_at: number | null;
  by: string;
}

const batchOf = (row: BatchRow): BatchRecord => ({
  id: row.id,
  name: row.name,
  params: JSON.parse(row.params) as BatchRecord['params'],
  target: JSON.parse(row.target) as object,
  state: row.state,
  total: row.total,
  concurrency: row.concurrency,
  abortOnFailurePercent: row.abort_percent,
  ttlMs: row.ttl_ms,
  deadlineMs: row.deadline_ms,
  supersedes: row.supersedes,
  createdAt: row.created_at,
  endedAt: row.ended_at,
  by: row.by,
});

/** Batches that go on, or may be resumed, with the members whose command is not made yet. */
export function readOpenBatches(db: Database.Database) {
  const waiting = db.prepare(
    'SELECT position, device AS deviceKey, device_id AS device FROM batch_members WHERE batch = ? AND command IS NULL AND error IS NULL ORDER BY position',
  );
  const failures = db
    .prepare(`
      SELECT (SELECT count(*) FROM commands WHERE batch = :batch AND state IN ('failed', 'rejected', 'expired', 'timed_out'))
        + (SELECT count(*) FROM batch_members WHERE batch = :batch AND error IS NOT NULL)`)
    .pluck();
  return (db.prepare("SELECT * FROM command_batches WHERE state IN ('running', 'stopped')").all() as BatchRow[]).map(
    (row) => ({
      batch: batchOf(row),
      waiting: waiting.all(row.id) as { position: number; deviceKey: number; device: string }[],
      failures: failures.get({ batch: row.id }) as number,
    }),
  );
}

export type OpenBatch = ReturnType<typeof readOpenBatches>[number];

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

export type CommandReads = ReturnType<typeof openCommandReads>;
