/** A command as it is stored. When it ends, the secret values in `params` are blacked out. */
export interface CommandRecord {
  id: string;
  deviceKey: number;
  device: string;
  name: string;
  params: Record<string, unknown>;
  /** Where `params` have secret values, as lists of names and indexes. */
  secrets: string[][];
  state: CommandState;
  result: unknown;
  error: unknown;
  /** Unix ms, as are all times of a command. */
  createdAt: number;
  /** If it is not sent by then, it ends as `expired`. */
  expiresAt: number;
  /** How long after it was sent a command without a final state ends as `timed_out`, in ms. */
  deadlineMs: number;
  sentAt: number | null;
  endedAt: number | null;
  /** A newer command of the device with the same word here replaces this one while it is queued. */
  supersedes: string | null;
  by: string;
  batch: string | null;
  idempotencyKey: string | null;
  bodyHash: string | null;
  /** It was sent, or was about to be sent when the gateway stopped: after a restart nobody knows which. */
  attempted: boolean;
}

/** One change of a command's state, or a word of the device that came after the command had ended. */
export interface CommandEventRecord {
  state: CommandState;
  /** Unix ms. */
  at: number;
  cause: string;
}

export interface CommandView extends CommandRecord {
  /** In order of time. */
  history: CommandEventRecord[];
}

/** A batch: the same command for many devices. */
export interface BatchRecord {
  id: string;
  name: string;
  params: Record<string, unknown>;
  /** Where `params` have secret values, as lists of names and indexes. */
  secrets: string[][];
  /** The selection of devices as it was requested. */
  target: object;
  state: 'running' | 'stopped' | 'aborted' | 'done';
  /** Devices of the batch. */
  total: number;
  /** Commands of the batch that may be open at once. */
  concurrency: number;
  /** The batch is aborted when more than this share of its devices failed; null: never. */
  abortOnFailurePercent: number | null;
  ttlMs: number | null;
  deadlineMs: number | null;
  supersedes: string | null;
  createdAt: number;
  endedAt: number | null;
  by: string;
}

/** A device of a batch whose command is not made yet. */
export interface WaitingMember {
  /** Its place in the batch, from 0. */
  position: number;
  deviceKey: number;
  device: string;
}

/** A batch that runs or may be resumed. */
export interface OpenBatch {
  batch: BatchRecord;
  /** In order of their places. */
  waiting: WaitingMember[];
  /** Members whose command ended without success, or could not be made. */
  failures: number;
}

/** A batch with the counts of its members. */
export interface CountedBatch extends BatchRecord {
  /** Members per state of their command; `waiting` have none yet, and for `refused` none could be made. */
  counts: { waiting: number; refused: number } & Partial<Record<CommandState, number>>;
}

/** A batch with the members that failed. */
export interface BatchView extends CountedBatch {
  failed: FailedMember[];
}

export interface FailedMember {
  device: string;
  command: string | null;
  /** The final state of the command, or `refused`. */
  state: string;
  error: unknown;
}

/** The end of a page of commands or of batches: below this id, or null for the newest. */
interface PageQuery {
  before: string | null;
  limit: number;
}

/** Questions about stored commands and batches. */
/** Which commands are wanted, newest first; null: whatever it is. Times in Unix ms. */
export interface CommandQuery {
  deviceKey: number | null;
  name: string | null;
  state: CommandState | null;
  /** The earliest time of creation. */
  from: number | null;
  /** The time from which on no command is wanted. */
  to: number | null;
  /** The last command of the page before. */
  after: { createdAt: number; id: string } | null;
  limit: number;
}

export interface CommandReads {
  command(id: string): CommandView | null;
  /** Commands of all devices. */
  allCommands(query: CommandQuery): CommandView[];
  /** A device's commands, newest first. */
  commands(query: PageQuery & { deviceKey: number }): CommandView[];
  /** The command that an operator made with this idempotency key. */
  commandByKey(by: string, key: string): { id: string; bodyHash: string; state: CommandState } | null;
  /** With at most `failedMax` failed members, in order of their places. */
  batch(id: string, failedMax: number): BatchView | null;
  /** Newest first. */
  batches(query: PageQuery): CountedBatch[];
}

export type CommandChange =
  /** A new command. */
  | { type: 'put_command'; command: CommandRecord; cause: string }
  /** A command that has ended is left as it is. */
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
  /** The device reported this state after the command had ended: only the history changes, once per state. */
  | { type: 'command_event'; id: string; state: CommandState; at: number; cause: string }
  | { type: 'command_attempted'; id: string; attempted: boolean }
  /** Commands and batches without an end that a wrong clock dated after `at`: their time to live begins at `at`. */
  | { type: 'bring_back_commands'; at: number }
  | {
      type: 'put_batch';
      batch: BatchRecord;
      /** `error` (JSON): why no command can be made for the device. */
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
  /** Removes some of the commands and batches that ended before (Unix ms); to be repeated. */
  | { type: 'trim_commands'; before: number };

/**
 * The states of a command (PROTOCOL.md, Commands, has the device's part). `sent`: the socket took it. Only the device's own messages
 * lead to `received` and the states after it. `timed_out`: it was sent and did not end by its deadline; the device may have run it.
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
