import type Database from 'better-sqlite3';
import type { CommandChange } from '../../domain/command.js';

/** Writes commands, their events and command batches in tidegate.db, for the writer. */
export interface CommandTables {
  /** Within the caller's transaction. */
  apply(change: CommandChange): void;
  /** Removes a device's commands. Within the caller's transaction. */
  erase(deviceKey: number): void;
}

export function openCommandTables(db: Database.Database): CommandTables {
  const applyToBatch = openBatchTables(db);
  const insert = db.prepare(`
    INSERT INTO commands (id, device, device_id, name, params, secrets, state, created_at, expires_at, deadline_ms, supersedes, by, batch,
      idempotency_key, body_hash, attempted)
    VALUES (:id, :deviceKey, :device, :name, :params, :secrets, :state, :createdAt, :expiresAt, :deadlineMs, :supersedes, :by, :batch,
      :idempotencyKey, :bodyHash, :attempted)`);
  const addEvent = db.prepare(
    'INSERT INTO command_events (command, state, at, cause) VALUES (:id, :state, :at, :cause)',
  );
  // A state is stored once, so that a device that keeps reporting after the final state does not fill the disk.
  const addWord = db.prepare(`
    INSERT INTO command_events (command, state, at, cause)
    SELECT :id, :state, :at, :cause WHERE NOT EXISTS (SELECT 1 FROM command_events WHERE command = :id AND state = :state)`);
  const move = db.prepare(`
    UPDATE commands SET state = :state, result = coalesce(:result, result), error = coalesce(:error, error),
      params = coalesce(:params, params), sent_at = coalesce(:sentAt, sent_at), ended_at = coalesce(:endedAt, ended_at)
    WHERE id = :id AND ended_at IS NULL`);
  const attempt = db.prepare('UPDATE commands SET attempted = ? WHERE id = ?');
  const bringBack = [
    `UPDATE commands SET expires_at = :at + expires_at - created_at, created_at = :at, sent_at = min(sent_at, :at)
     WHERE ended_at IS NULL AND created_at > :at`,
    'UPDATE commands SET sent_at = :at WHERE ended_at IS NULL AND sent_at > :at',
    'UPDATE command_batches SET created_at = :at WHERE ended_at IS NULL AND created_at > :at',
  ].map((sql) => db.prepare<{ at: number }>(sql));
  const trimEvents = db.prepare(
    'DELETE FROM command_events WHERE command IN (SELECT id FROM commands WHERE ended_at < ? LIMIT 2000)',
  );
  const trim = db.prepare('DELETE FROM commands WHERE id IN (SELECT id FROM commands WHERE ended_at < ? LIMIT 2000)');
  const eraseEvents = db.prepare(
    'DELETE FROM command_events WHERE command IN (SELECT id FROM commands WHERE device = ?)',
  );
  const erase = db.prepare('DELETE FROM commands WHERE device = ?');

  function apply(change: CommandChange): void {
    switch (change.type) {
      case 'put_command': {
        const { command, cause } = change;
        const { id, deviceKey, device, name, params, secrets, state, createdAt, expiresAt, deadlineMs } = command;
        const { supersedes, by, batch, idempotencyKey, bodyHash, attempted } = command;
        insert.run({
          id,
          deviceKey,
          device,
          name,
          params: JSON.stringify(params),
          secrets: placesText(secrets),
          state,
          createdAt,
          expiresAt,
          deadlineMs,
          supersedes,
          by,
          batch,
          idempotencyKey,
          bodyHash,
          attempted: attempted ? 1 : 0,
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
      case 'bring_back_commands':
        for (const rows of bringBack) rows.run({ at: change.at });
        return;
      case 'trim_commands':
        trimEvents.run(change.before);
        trim.run(change.before);
        applyToBatch(change);
        return;
      default:
        applyToBatch(change);
    }
  }

  return {
    apply,
    erase(deviceKey) {
      eraseEvents.run(deviceKey);
      erase.run(deviceKey);
    },
  };
}

const placesText = (places: readonly string[][]): string | null =>
  places.length === 0 ? null : JSON.stringify(places);

const json = (value: unknown): string | null => (value === undefined || value === null ? null : JSON.stringify(value));

type BatchChange = Extract<CommandChange, { type: 'put_batch' | 'batch_member' | 'batch_moved' | 'trim_commands' }>;

function openBatchTables(db: Database.Database): (change: BatchChange) => void {
  const putBatch = db.prepare(`
    INSERT INTO command_batches (id, name, params, secrets, target, state, total, concurrency, abort_percent, ttl_ms, deadline_ms,
      supersedes, created_at, ended_at, by)
    VALUES (:id, :name, :params, :secrets, :target, :state, :total, :concurrency, :abortOnFailurePercent, :ttlMs, :deadlineMs,
      :supersedes, :createdAt, :endedAt, :by)`);
  const addMember = db.prepare(
    'INSERT INTO batch_members (batch, position, device, device_id, error) VALUES (?, ?, ?, ?, ?)',
  );
  const startMember = db.prepare('UPDATE batch_members SET command = ?, error = ? WHERE batch = ? AND position = ?');
  const moveBatch = db.prepare(
    'UPDATE command_batches SET state = ?, params = coalesce(?, params), ended_at = ? WHERE id = ?',
  );
  const trimMembers = db.prepare(`
    DELETE FROM batch_members WHERE (batch, position) IN (
      SELECT batch, position FROM command_batches JOIN batch_members ON batch = id WHERE ended_at < ? LIMIT 2000)`);
  const trimBatches = db.prepare(
    'DELETE FROM command_batches WHERE ended_at < ? AND NOT EXISTS (SELECT 1 FROM batch_members WHERE batch = id)',
  );

  return (change) => {
    switch (change.type) {
      case 'put_batch': {
        const { batch, members } = change;
        const { params, secrets, target } = batch;
        putBatch.run({
          ...batch,
          params: JSON.stringify(params),
          secrets: placesText(secrets),
          target: JSON.stringify(target),
        });
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
        trimMembers.run(change.before);
        trimBatches.run(change.before);
        return;
      default:
        change satisfies never;
    }
  };
}
