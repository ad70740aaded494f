// Made by npm run generate from the *.schema.json files. Do not edit.

/**
 * A command over MQTT, published to PREFIX/GATEWAY/DEVICE/command. It is what `POST /v1/devices/{id}/commands` takes, with the Idempotency-Key inside. It must not be retained.
 */
export interface BridgeCommand {
  /**
   * The name of the command, for example `set_interval`. It must be one of the model's commands, if the model declares any. Names that begin with `tidegate.` are reserved.
   */
  name: string;
  /**
   * The parameters by name, for example `{"seconds":5}`. They must match the JSON Schema of the model's command. If they are absent, they are `{}`.
   */
  params?: {
    [k: string]: unknown;
  };
  /**
   * How many seconds the command may wait to be sent. If it is absent, the model's value counts, else an hour. Then the command ends as `expired`.
   */
  ttlSeconds?: number;
  /**
   * How many seconds after sending the device may take for its final state. If it is absent, the model's value counts, else 5 minutes. Then the command ends as `timed_out`.
   */
  deadlineSeconds?: number;
  /**
   * A word of your choice. When the new command is stored, commands of the same device with the same word that are still queued end as `superseded`.
   */
  supersedes?: string;
  /**
   * A text of your choice. A second message with the same key makes no second command. The key comes back in every answer.
   */
  idempotencyKey?: string;
}

/**
 * The state of a command that came from MQTT, published to PREFIX/GATEWAY/DEVICE/command/ID once the state is on disk.
 */
export interface BridgeCommandAnswer {
  /**
   * The id of the command, a UUIDv7.
   */
  id: string;
  /**
   * The id of the device.
   */
  device: string;
  /**
   * The name of the command.
   */
  name: string;
  /**
   * The state of the command. `queued`: stored, not sent yet. `sent`: handed to the socket. `received`, `running`, `succeeded`, `failed` and `rejected`: reported by the device. `expired`: not sent in time. `timed_out`: sent, but no final state by the deadline; it may have run. `cancelled`, `superseded` and `device_removed`: ended before it was sent.
   */
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
  /**
   * What the device returned with its final state, any JSON value. It is null as long as there is none.
   */
  result:
    | {
        [k: string]: unknown;
      }
    | unknown[]
    | string
    | number
    | boolean
    | null;
  /**
   * The error that the device reported with `failed` or `rejected`, usually `{"code":…,"message":…}`. It is null if there is none.
   */
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
   * The time at which this answer was made, in Unix milliseconds.
   */
  at: number;
  /**
   * The key that came with the command. It is absent if there was none.
   */
  idempotencyKey?: string;
  [k: string]: unknown;
}

/**
 * The answer to a message that made no command, published to PREFIX/GATEWAY/DEVICE/command/error. If the topic names no possible device, it is published to PREFIX/GATEWAY/command/error.
 */
export interface BridgeCommandError {
  /**
   * The device part of the topic, cut to 64 characters.
   */
  device: string;
  error: BridgeErrorCause;
  /**
   * The time at which this answer was made, in Unix milliseconds.
   */
  at: number;
  /**
   * The key that came with the message. It is absent if there was none, or if it could not be read.
   */
  idempotencyKey?: string;
  [k: string]: unknown;
}
/**
 * Why the message made no command.
 */
export interface BridgeErrorCause {
  /**
   * The cause for programs. `storage_unavailable` is transient: send the message again. For the other codes change the message first.
   */
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
  /**
   * The cause in words.
   */
  message: string;
  /**
   * Every fault of the message or of the command's parameters. It is absent for other causes.
   */
  errors?: BridgeFieldError[];
  [k: string]: unknown;
}
export interface BridgeFieldError {
  /**
   * A JSON Pointer (RFC 6901) into the message, for example `/params/seconds`. It is empty if the whole message is meant.
   */
  path: string;
  /**
   * What is wrong there, in words.
   */
  message: string;
  [k: string]: unknown;
}

/**
 * Whether a device is connected, published to PREFIX/GATEWAY/DEVICE/presence and retained. The payload is empty once the device is removed.
 */
export interface BridgePresence {
  /**
   * The id of the device.
   */
  device: string;
  /**
   * True if the device has a link.
   */
  online: boolean;
  /**
   * The time of the last change between online and offline, in Unix milliseconds. It is null if the device was not seen yet.
   */
  since: number | null;
  /**
   * How the last link ended. It is null if no link has ended yet.
   */
  lastClose: null | BridgeLastClose;
  /**
   * The time at which a sleeping device announced to be back, in Unix milliseconds. It is null if it announced none with its last close.
   */
  backAt: number | null;
  [k: string]: unknown;
}
export interface BridgeLastClose {
  /**
   * The time at which the link ended, in Unix milliseconds.
   */
  at: number;
  /**
   * The WebSocket close code (RFC 6455 section 7.4). It is 1006 if there was no close frame.
   */
  code: number;
  /**
   * The reason text of the close frame. It is empty if there was none.
   */
  reason: string;
  [k: string]: unknown;
}

/**
 * Whether the gateway is connected to the broker, published to PREFIX/GATEWAY/status, retained, as plain text. `offline` is also the will, so the broker publishes it if the connection breaks.
 */
export type BridgeStatusText = 'online' | 'offline';

/**
 * A frame as the gateway stored it, or a part of one, published to PREFIX/GATEWAY/DEVICE/telemetry. Receivers must ignore fields that they do not know.
 */
export interface BridgeTelemetry {
  /**
   * The id of the content. The same content always has the same id, and no other content ever has it, so repeats can be found by it. If a frame was split, the ids of its parts end with `-FIRST+COUNT`: the place of the part's first sample in the frame, and how many there are.
   */
  id: string;
  /**
   * The id of the device.
   */
  device: string;
  /**
   * The stream that `seq` counts in. A name that begins with `link-` lives with one link. It is null if the name is not known any more.
   */
  stream: string | null;
  /**
   * The device's number of the frame. It is 0 if the frame had none.
   */
  seq: number;
  /**
   * The time at which the gateway received the frame, in Unix milliseconds.
   */
  receivedAt: number;
  /**
   * The samples of the frame that were new, or of this part of it.
   *
   * @minItems 1
   */
  samples: [BridgeSample, ...BridgeSample[]];
  /**
   * True if the newest reading, or the receipt, was older than a minute when the message was sent, as after an outage. Else it is absent.
   */
  historical?: true;
  [k: string]: unknown;
}
export interface BridgeSample {
  /**
   * The time of the sample, in Unix milliseconds.
   */
  ts: number;
  /**
   * The values by metric name, for example `{"temperature":21.5,"door":"open"}`.
   */
  values: {
    [k: string]: number | string | boolean;
  };
  [k: string]: unknown;
}
