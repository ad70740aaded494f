/** A command as it is stored. `params` are as given until the final word; then what is secret in them is blacked out. */
export interface CommandRecord {
  id: string;
  deviceKey: number;
  device: string;
  name: string;
  params: Record<string, unknown>;
  /** Paths of what is secret in `params`; known while it is open. */
  secrets: string[][];
  state: CommandState;
  result: unknown;
  error: unknown;
  createdAt: number;
  expiresAt: number;
  /** How long after it was sent its final word may take. */
  deadlineMs: number;
  sentAt: number | null;
  endedAt: number | null;
  /** A newer command of the device with the same word takes its place while it is queued. */
  supersedes: string | null;
  by: string;
  batch: string | null;
  idempotencyKey: string | null;
  bodyHash: string | null;
  /** It was about to be sent, or was: a restart cannot tell. */
  attempted: boolean;
}

export interface CommandEventRecord {
  state: CommandState;
  at: number;
  cause: string;
}

export interface CommandView extends CommandRecord {
  history: CommandEventRecord[];
}

export interface BatchRecord {
  id: string;
  name: string;
  params: Record<string, unknown>;
  target: object;
  state: 'running' | 'stopped' | 'aborted' | 'done';
  total: number;
  concurrency: number;
  abortOnFailurePercent: number | null;
  ttlMs: number | null;
  deadlineMs: number | null;
  supersedes: string | null;
  createdAt: number;
  endedAt: number | null;
  by: string;
}

export type CommandChange =
  | { type: 'put_command'; command: CommandRecord; cause: string }
  /** Changes nothing of a command that has ended. */
  | {
      type: 'command_moved';
      id: string;
      state: CommandState;
      at: number;
      cause: string;
      result?: unknown;
      error?: unknown;
      params?: Record<string, unknown>;
      sentAt?: number;
      endedAt?: number;
    }
  /** A late word of the device, which changes no state; kept once a state. */
  | { type: 'command_event'; id: string; state: CommandState; at: number; cause: string }
  | { type: 'command_attempted'; id: string; attempted: boolean }
  | {
      type: 'put_batch';
      batch: BatchRecord;
      /** `error` (JSON): why there will be no command for it. */
      members: { deviceKey: number; device: string; error: string | null }[];
    }
  | { type: 'batch_member'; batch: string; position: number; command: string | null; error: string | null }
  | {
      type: 'batch_moved';
      id: string;
      state: BatchRecord['state'];
      endedAt: number | null;
      params?: Record<string, unknown>;
    }
  /** Some of those that ended before. */
  | { type: 'trim_commands'; before: number };

/**
 * What can become of a command (PROTOCOL.md, Commands, for the device's part). `sent`: the socket took it. `received` and
 * further only by the device's word. `timed_out`: sent, and no final word by its deadline; it may have run.
 */
export const openStates = ['queued', 'sent', 'received', 'running'] as const;

export const finalStates = [
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'timed_out',
  'cancelled',
  'superseded',
  'device_removed',
] as const;

export const commandStates = [...openStates, ...finalStates] as const;

export type CommandState = (typeof commandStates)[number];

export type FinalState = (typeof finalStates)[number];

export const isFinal = (state: CommandState): state is FinalState =>
  (finalStates as readonly CommandState[]).includes(state);
