import type { BatchRecord, CommandRecord, CommandState } from '../../domain/command.js';

/** Null: there are none, or an older Tidegate has not stored them. */
const placesOf = (text: string | null): string[][] => (text === null ? [] : JSON.parse(text));

/** A row of `commands`. */
export interface CommandRow {
  id: string;
  device: number;
  device_id: string;
  name: string;
  params: string;
  secrets: string | null;
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

export function recordOf(row: CommandRow): CommandRecord {
  const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
  return {
    id: row.id,
    deviceKey: row.device,
    device: row.device_id,
    name: row.name,
    params: JSON.parse(row.params),
    secrets: placesOf(row.secrets),
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

/** A row of `command_batches`. */
export interface BatchRow {
  id: string;
  name: string;
  params: string;
  secrets: string | null;
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

export const batchOf = (row: BatchRow): BatchRecord => ({
  id: row.id,
  name: row.name,
  params: JSON.parse(row.params),
  secrets: placesOf(row.secrets),
  target: JSON.parse(row.target),
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
