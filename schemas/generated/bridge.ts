// Made by npm run generate from the *.schema.json files. Do not edit.

/**
 * To PREFIX/GATEWAY/DEVICE/command: what POST /v1/devices/{id}/commands takes, with the Idempotency-Key in it.
 */
export interface BridgeCommand {
  name: string;
  params?: {
    [k: string]: unknown;
  };
  /**
   * How long it may wait to be sent; the model's, else an hour.
   */
  ttlSeconds?: number;
  /**
   * How long after it was sent its final word may take; the model's, else 5 minutes.
   */
  deadlineSeconds?: number;
  /**
   * A word: a queued command of the device that has it too is replaced.
   */
  supersedes?: string;
  /**
   * Doing it again with the same key makes no second command. Comes back in the answers.
   */
  idempotencyKey?: string;
}

/**
 * PREFIX/GATEWAY/DEVICE/command/ID: a state of a command that came from MQTT, once it is on disk.
 */
export interface BridgeCommandAnswer {
  /**
   * The command's.
   */
  id: string;
  device: string;
  name: string;
  state:
    | 'queued'
    | 'sent'
    | 'received'
    | 'running'
    | 'succeeded'
    | 'failed'
    | 'rejected'
    | 'expired'
    | 'timed_out'
    | 'cancelled'
    | 'superseded'
    | 'device_removed';
  result:
    | {
        [k: string]: unknown;
      }
    | unknown[]
    | string
    | number
    | boolean
    | null;
  error:
    | {
        [k: string]: unknown;
      }
    | unknown[]
    | string
    | number
    | boolean
    | null;
  /**
   * When this was sent, Unix ms.
   */
  at: number;
  /**
   * As it came with the command.
   */
  idempotencyKey?: string;
  [k: string]: unknown;
}

/**
 * PREFIX/GATEWAY/DEVICE/command/error: a message on the command topic that made no command. PREFIX/GATEWAY/command/error where the topic names no possible device.
 */
export interface BridgeCommandError {
  /**
   * As the topic had it, cut to 64 characters.
   */
  device: string;
  error: BridgeErrorCause;
  /**
   * Unix ms.
   */
  at: number;
  idempotencyKey?: string;
  [k: string]: unknown;
}
export interface BridgeErrorCause {
  code:
    | 'device_unknown'
    | 'retained'
    | 'body_too_large'
    | 'json_invalid'
    | 'body_invalid'
    | 'command_reserved'
    | 'command_undeclared'
    | 'params_invalid'
    | 'command_too_large'
    | 'too_many_commands'
    | 'idempotency_conflict'
    | 'storage_unavailable';
  message: string;
  errors?: BridgeFieldError[];
  [k: string]: unknown;
}
export interface BridgeFieldError {
  path: string;
  message: string;
  [k: string]: unknown;
}

/**
 * PREFIX/GATEWAY/DEVICE/presence, retained: whether the device has a link. Empty once the device is removed.
 */
export interface BridgePresence {
  device: string;
  online: boolean;
  /**
   * Unix ms; null: not seen since the gateway started.
   */
  since: number | null;
  /**
   * Why its last link ended.
   */
  lastClose: null | BridgeLastClose;
  /**
   * When the device said that it would be back, Unix ms.
   */
  backAt: number | null;
  [k: string]: unknown;
}
export interface BridgeLastClose {
  /**
   * Unix ms.
   */
  at: number;
  code: number;
  reason: string;
  [k: string]: unknown;
}

/**
 * PREFIX/GATEWAY/status, retained, plain text. offline is also the will.
 */
export type BridgeStatusText = 'online' | 'offline';

/**
 * PREFIX/GATEWAY/DEVICE/telemetry: a frame as the gateway stored it, or a part of one. Receivers ignore fields that they do not know.
 */
export interface BridgeTelemetry {
  /**
   * Always the same for the same content, and never given to other content: a message may come more than once, and is known by it. Of a part it ends with -FIRST+COUNT, its samples' places in the frame.
   */
  id: string;
  device: string;
  /**
   * The log of the device that seq counts in; a name that begins with link- lives with one connection.
   */
  stream: string | null;
  /**
   * The device's number of the frame; 0: it gave none.
   */
  seq: number;
  /**
   * Unix ms.
   */
  receivedAt: number;
  /**
   * @minItems 1
   */
  samples: [BridgeSample, ...BridgeSample[]];
  /**
   * When it was sent, its readings or its receipt were older than a minute.
   */
  historical?: true;
  [k: string]: unknown;
}
export interface BridgeSample {
  /**
   * Unix ms.
   */
  ts: number;
  /**
   * By metric.
   */
  values: {
    [k: string]: number | string | boolean;
  };
  [k: string]: unknown;
}
