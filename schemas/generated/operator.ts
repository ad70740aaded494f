// Made by npm run generate from the *.schema.json files. Do not edit.

/**
 * The result of admitting a rejected frame: it is stored after all.
 */
export interface AdmittedBody {
  /**
   * How many readings the frame held.
   */
  readings: number;
}

/**
 * Refused connection attempts since the start of the gateway, newest first. Identical attempts are one item with a count. At most 1,000 items are kept for ids of registered devices, and 1,000 for others.
 */
export interface AttemptPage {
  /**
   * The attempts of this page.
   */
  items: AttemptItem[];
  /**
   * The cursor of the next page, to be given as the query parameter `cursor`. It is null on the last page.
   */
  next: string | null;
}
export interface AttemptItem {
  /**
   * The id that was offered, proven or not. It is null if none was offered, if it could not be read, if the gateway refused before it looked at credentials (503), or if the address has already offered 50 unknown ids.
   */
  device: string | null;
  /**
   * True if a device with this id was registered at the time of the attempt.
   */
  known: boolean;
  /**
   * The IP address that the attempt came from. Behind a trusted proxy it is the address that the proxy reported.
   */
  address: string;
  /**
   * The code that was answered, for example `credentials_invalid` (PROTOCOL.md section 1).
   */
  code: string;
  /**
   * The reason in words, for operators only. It may say more than the answer to the device did, for example that the id is unknown.
   */
  reason: string;
  /**
   * How many attempts there were since `firstAt` with the same address, device and code.
   */
  count: number;
  /**
   * The time of the first of these attempts, in Unix milliseconds.
   */
  firstAt: number;
  /**
   * The time of the last of these attempts, in Unix milliseconds.
   */
  lastAt: number;
  /**
   * The User-Agent header of the last attempt, cut to 128 characters. It is null if there was none.
   */
  agent: string | null;
}

/**
 * The audit log: who changed what and when, newest first.
 */
export interface AuditPage {
  /**
   * The entries of this page.
   */
  items: AuditItem[];
  /**
   * The cursor of the next page, to be given as the query parameter `cursor`. It is null on the last page.
   */
  next: string | null;
}
export interface AuditItem {
  /**
   * The number of the entry. Later entries have higher numbers.
   */
  id: number;
  /**
   * The time of the change, in Unix milliseconds.
   */
  at: number;
  /**
   * The id of the operator key, `mqtt` for the bridge, or `gateway` for the gateway itself.
   */
  by: string;
  /**
   * What was done, for example `device_created`, `command_created`, `key_revoked` or `gateway_reloaded`. `schemas/tables/auditActions.ts` has every action with its meaning.
   */
  action: string;
  /**
   * The id of what was changed: a device, a batch, a key, or the gateway.
   */
  subject: string;
  /**
   * More about the change, for example the id of a credential, or the changed fields as JSON. It is null if there is nothing more.
   */
  detail: string | null;
}

/**
 * The last backup that failed, if none was complete since then and since the start of the gateway. Else it is null.
 */
export type FailedBackup = {
  /**
   * The time at which it was begun, in Unix milliseconds.
   */
  at: number;
  /**
   * Why it failed, in words.
   */
  error: string;
} | null;

/**
 * The backups that the gateway made in `backup.folder`, and when the next one is made.
 */
export interface BackupPage {
  /**
   * The cron expression `backup.schedule`. It is null if no backup is made by time.
   */
  schedule: string | null;
  /**
   * The time zone of the schedule, `backup.timeZone`.
   */
  timeZone: string;
  /**
   * The folder of the backups, `backup.folder`. It is null if none is set.
   */
  folder: string | null;
  /**
   * How many backups stay, `backup.keep`.
   */
  keep: number;
  /**
   * The time at which the next scheduled backup begins, in Unix milliseconds. It is null if there is no schedule.
   */
  nextAt: number | null;
  failed: FailedBackup;
  /**
   * How many backups into `backup.folder` failed since the start of the gateway.
   */
  failures: number;
  /**
   * The complete backups in `backup.folder` that this gateway made, newest first.
   */
  items: BackupItem[];
  /**
   * Always null, because this list is never split into pages.
   */
  next: string | null;
}
export interface BackupItem {
  /**
   * The name of its folder, with the time in UTC.
   */
  name: string;
  /**
   * The absolute path of its folder. A gateway can be started on a copy of it.
   */
  folder: string;
  /**
   * The time at which it was begun, in Unix milliseconds.
   */
  at: number;
  /**
   * How many files it has.
   */
  files: number;
  /**
   * How many bytes it has.
   */
  bytes: number;
}

/**
 * Where a backup is written to.
 */
export interface BackupRequest {
  /**
   * An absolute path on the machine of the gateway, for example `/var/backups/tidegate/monday`. The folder must be empty or not exist, and must not be in the data folder. If it is absent, the backup goes into a new folder in `backup.folder`.
   */
  folder?: string;
}

/**
 * A command batch: one command for many devices.
 */
export interface BatchBody {
  /**
   * The id of the batch, a UUIDv7. Later batches have higher ids.
   */
  id: string;
  /**
   * The name of the command.
   */
  name: string;
  /**
   * The parameters. Values that the model marks as secret are shown as `***`.
   */
  params: {
    [k: string]: unknown;
  };
  /**
   * The devices that were asked for, as in the request: `ids`, `tags`, `model` or `all`.
   */
  target: {
    [k: string]: unknown;
  };
  /**
   * `running`: commands are made and sent. `stopped`: an operator stopped it; it can be resumed. `aborted`: more devices failed than `abortOnFailurePercent` allows. `done`: every command has ended.
   */
  state: 'running' | 'stopped' | 'aborted' | 'done';
  /**
   * How many devices the batch has.
   */
  total: number;
  /**
   * How many devices may have the command under way at the same time.
   */
  concurrency: number;
  /**
   * The share of all devices in percent that may fail before the batch is aborted. It is null if failures do not abort it.
   */
  abortOnFailurePercent: number | null;
  /**
   * The time at which the batch was created, in Unix milliseconds.
   */
  createdAt: number;
  /**
   * The time at which the batch was done or aborted, in Unix milliseconds. It is null before.
   */
  endedAt: number | null;
  /**
   * The id of the operator key that created the batch.
   */
  by: string;
  /**
   * How many devices have their command in which state, for example `{"waiting":0,"refused":1,"succeeded":9}`. `waiting`: there is no command yet. `refused`: there will be none. The numbers add up to `total`.
   */
  counts: {
    [k: string]: number;
  };
  /**
   * The first 1,000 devices whose command was refused, failed, was rejected, expired or timed out.
   */
  failed: FailedMember[];
}
export interface FailedMember {
  /**
   * The id of the device.
   */
  device: string;
  /**
   * The id of the command. It is null if the command was refused before it was made.
   */
  command: string | null;
  /**
   * `refused` if there is no command, else the final state of the command: `failed`, `rejected`, `expired` or `timed_out`.
   */
  state: string;
  /**
   * Why it failed: the error of the device, or the refusal of the gateway as `{"code":…,"message":…}`. It is null if there is neither, as for `expired`.
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
}

/**
 * One command for many devices.
 */
export interface BatchCreate {
  target: BatchTarget;
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
   * How many devices may have the command under way at the same time. Commands that are queued for offline devices do not count. If it is absent, it is 1,000.
   */
  concurrency?: number;
  /**
   * The batch is aborted if more than this share of all devices has failed, in percent. Commands that are still queued are then cancelled. If it is absent, failures do not abort the batch.
   */
  abortOnFailurePercent?: number;
}
/**
 * The devices that get the command. Give exactly one of the four ways to name them.
 */
export interface BatchTarget {
  /**
   * The ids of the devices. All of them must exist.
   *
   * @minItems 1
   * @maxItems 100000
   */
  ids?: [string, ...string[]];
  /**
   * All devices that have every one of these tags, for example `{"site":"north"}`.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * All devices of this model.
   */
  model?: string;
  /**
   * All devices.
   */
  all?: true;
}

/**
 * Command batches, newest first.
 */
export interface BatchPage {
  /**
   * The batches of this page.
   */
  items: BatchItem[];
  /**
   * The cursor of the next page, to be given as the query parameter `cursor`. It is null on the last page.
   */
  next: string | null;
}
export interface BatchItem {
  /**
   * The id of the batch, a UUIDv7. Later batches have higher ids.
   */
  id: string;
  /**
   * The name of the command.
   */
  name: string;
  /**
   * The parameters. Values that the model marks as secret are shown as `***`.
   */
  params: {
    [k: string]: unknown;
  };
  /**
   * The devices that were asked for, as in the request: `ids`, `tags`, `model` or `all`.
   */
  target: {
    [k: string]: unknown;
  };
  /**
   * `running`: commands are made and sent. `stopped`: an operator stopped it; it can be resumed. `aborted`: more devices failed than `abortOnFailurePercent` allows. `done`: every command has ended.
   */
  state: 'running' | 'stopped' | 'aborted' | 'done';
  /**
   * How many devices the batch has.
   */
  total: number;
  /**
   * How many devices may have the command under way at the same time.
   */
  concurrency: number;
  /**
   * The share of all devices in percent that may fail before the batch is aborted. It is null if failures do not abort it.
   */
  abortOnFailurePercent: number | null;
  /**
   * The time at which the batch was created, in Unix milliseconds.
   */
  createdAt: number;
  /**
   * The time at which the batch was done or aborted, in Unix milliseconds. It is null before.
   */
  endedAt: number | null;
  /**
   * The id of the operator key that created the batch.
   */
  by: string;
  /**
   * How many devices have their command in which state, for example `{"waiting":0,"refused":1,"succeeded":9}`. `waiting`: there is no command yet. `refused`: there will be none. The numbers add up to `total`.
   */
  counts: {
    [k: string]: number;
  };
}

/**
 * A command with its history.
 */
export interface CommandBody {
  /**
   * The id of the command, a UUIDv7. Later commands have higher ids.
   */
  id: string;
  /**
   * The id of the device.
   */
  device: string;
  /**
   * The name of the command, for example `set_interval`.
   */
  name: string;
  /**
   * The parameters. Values that the model marks as secret are shown as `***`.
   */
  params: {
    [k: string]: unknown;
  };
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
   * What the device last reported as the result of `running`, for example `{"progress":0.4}`. It is null if there is none, if the command has ended, and after a restart of the gateway.
   */
  progress:
    | {
        [k: string]: unknown;
      }
    | unknown[]
    | string
    | number
    | boolean
    | null;
  /**
   * The time at which the command was created, in Unix milliseconds.
   */
  createdAt: number;
  /**
   * The time at which the command ends as `expired` if it is still queued, in Unix milliseconds.
   */
  expiresAt: number;
  /**
   * The time at which the command came into its final state, in Unix milliseconds. It is null if it has not ended.
   */
  endedAt: number | null;
  /**
   * The word with which later commands replace this one while it is queued. It is null if it was created without one.
   */
  supersedes: string | null;
  /**
   * The id of the operator key that created the command, or `mqtt` if it came over the bridge.
   */
  by: string;
  /**
   * The id of the batch that made the command. It is null for a single command.
   */
  batch: string | null;
  /**
   * Every change of the state in order, and what the device reported after the end.
   */
  history: CommandEvent[];
}
export interface CommandEvent {
  /**
   * The state that the command came into, or the state that the device reported after the end.
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
   * The time of the change, in Unix milliseconds.
   */
  at: number;
  /**
   * What caused the change, in words, for example `sent to 10.0.0.7` or `device boiler-7`.
   */
  cause: string;
}

/**
 * A command for one device.
 */
export interface CommandCreate {
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
}

/**
 * Commands, newest first.
 */
export interface CommandPage {
  /**
   * The commands of this page.
   */
  items: CommandBody[];
  /**
   * The cursor of the next page, to be given as the query parameter `cursor`. It is null on the last page.
   */
  next: string | null;
}
/**
 * A command with its history.
 */
/**
 * The state of a command when the request was answered.
 */
export interface CommandStateBody {
  /**
   * The id of the command, a UUIDv7.
   */
  id: string;
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
}

/**
 * The credentials of a device, without their secrets.
 */
export interface CredentialPage {
  /**
   * The credentials of the device.
   */
  items: CredentialItem[];
  /**
   * Always null, because this list is never split into pages.
   */
  next: string | null;
}
export interface CredentialItem {
  /**
   * The id of the credential, a UUIDv7, with which it can be revoked.
   */
  cid: string;
  /**
   * The time at which the credential was created, in Unix milliseconds.
   */
  createdAt: number;
  /**
   * The time from which the credential is accepted, in Unix milliseconds. It is null if it was accepted from its creation.
   */
  notBefore: number | null;
  /**
   * The time from which the credential is no longer accepted, in Unix milliseconds. It is null if it has no end.
   */
  notAfter: number | null;
  /**
   * The time at which a link was last opened with the credential, in Unix milliseconds. It is null if it was never used.
   */
  lastUsedAt: number | null;
}

/**
 * One more credential for a device.
 */
export interface CredentialRequest {
  /**
   * After how many seconds the older credentials of the device end, unless they end before. If it is absent, they stay valid.
   */
  graceSeconds?: number;
  /**
   * The time from which the new credential is accepted, in Unix milliseconds. If it is absent, it is accepted at once.
   */
  notBefore?: number;
  /**
   * The time from which the new credential is no longer accepted, in Unix milliseconds. It must be in the future and after `notBefore`. If it is absent, the credential has no end.
   */
  notAfter?: number;
  /**
   * If true, the gateway sends the secret to the device with the command `tidegate.rotate_secret`. If it is absent, you bring the secret to the device yourself.
   */
  push?: boolean;
}

/**
 * A registered device.
 */
export interface DeviceBody {
  /**
   * The id of the device.
   */
  id: string;
  /**
   * The name of the device for people, for example `Boiler of the north hall`. It is null if the device has none.
   */
  name: string | null;
  /**
   * What operators noted about the device. It is null if there are no notes.
   */
  notes: string | null;
  /**
   * The name of the device's model. It is null if the device has none.
   */
  model: string | null;
  /**
   * The tags of the device, for example `{"site":"north"}`.
   */
  tags: {
    [k: string]: string;
  };
  /**
   * `disabled`: the gateway refuses the device's links with 403 `device_disabled`. `active`: it lets the device connect.
   */
  state: 'active' | 'disabled';
  /**
   * The time at which the device was registered, in Unix milliseconds.
   */
  createdAt: number;
  presence: DevicePresence;
  /**
   * The facts that the device reported in its last hello, for example `{"serial":"A17"}`. The object is empty if it reported none.
   */
  attributes: {
    [k: string]: number | string | boolean;
  };
}
/**
 * Whether the device is connected, since when, and how its last link ended.
 */
export interface DevicePresence {
  /**
   * True if the device has a link.
   */
  online: boolean;
  /**
   * `never`: the device was not seen yet. `online`: it has a link. `late`: it has a link, and has been quiet for clearly longer than `expectedEveryMs`. `asleep`: it has no link, and `backAt` is still to come. `offline`: it has no link.
   */
  state: 'never' | 'online' | 'late' | 'asleep' | 'offline';
  /**
   * The time of the last change between online and offline, in Unix milliseconds. It is null if the device was not seen yet.
   */
  since: number | null;
  /**
   * The IP address of the present link, or of the last one. It is null if the device was not seen yet.
   */
  address: string | null;
  /**
   * The subprotocol of the present link, or of the last one, for example `tidegate.v1.binary`. It is null if the device offered none and so speaks JSON, or if it was not seen yet.
   */
  subprotocol: string | null;
  /**
   * The stream of the present link, or of the last one. A name that begins with `link-` was made by the gateway, because the device named none. It is null if the device was not seen yet.
   */
  stream: string | null;
  /**
   * The name of the client software from the device's hello. It is null if the present link, or the last one, brought no hello with a name.
   */
  agent: string | null;
  /**
   * The firmware version from the device's hello. It is null if the present link, or the last one, brought no hello with a version.
   */
  firmware: string | null;
  /**
   * The time at which the last telemetry frame was received, in Unix milliseconds. It is null if there was none.
   */
  lastFrameAt: number | null;
  /**
   * How often the device is expected to send, in milliseconds: from its hello, else from its model. It is null if neither says it.
   */
  expectedEveryMs: number | null;
  /**
   * The round-trip time of the last ping on the present link, in milliseconds. It is null without a link, or before the first pong.
   */
  roundTripMs: number | null;
  /**
   * How many links the device has made after its first one.
   */
  reconnects: number;
  /**
   * True if the device recently made more than five links. One of them is forgiven per minute.
   */
  flapping: boolean;
  /**
   * How the last link ended. It is null if no link has ended yet.
   */
  lastClose: null | LastClose;
  /**
   * The time at which a sleeping device announced to be back, in Unix milliseconds. It is null if it announced none with its last close.
   */
  backAt: number | null;
}
export interface LastClose {
  /**
   * The time at which the link ended, in Unix milliseconds.
   */
  at: number;
  /**
   * The WebSocket close code (RFC 6455 section 7.4). It is 1006 if there was no close frame.
   */
  code: number;
  /**
   * The cause as a name: for a close by the gateway the name of PROTOCOL.md section 7, for example `replaced`; for a link that it cut `silent`, `invalid_utf8`, `message_too_large` or `protocol_error`; `gateway_ended` if the gateway ended without a close; `lost` if the connection broke. It is null if the device closed the link.
   */
  name: string | null;
  /**
   * Who ended the link. `network` means that the connection broke.
   */
  by: 'device' | 'gateway' | 'network';
  /**
   * The reason text of the close frame. It is empty if there was none.
   */
  reason: string;
}

/**
 * A device to register.
 */
export interface DeviceCreate {
  /**
   * The id of the new device, for example `boiler-7`. No other device may have it.
   */
  id: string;
  /**
   * A name of the device for people, for example `Boiler of the north hall`, on one line and not only of spaces. With null, or without it, the device has none. Names need not differ.
   */
  name?: string | null;
  /**
   * Notes about the device, which may have several lines. With null, or without them, there are none.
   */
  notes?: string | null;
  /**
   * The name of one of the gateway's models. With null, or without it, the device has no model.
   */
  model?: string | null;
  /**
   * Tags to find and group devices by, for example `{"site":"north"}`. If they are absent, the device has none.
   */
  tags?: {
    [k: string]: string;
  };
}

/**
 * One change for many devices, or their removal. Give `target`, and either `change` or `remove`.
 */
export interface DeviceEditRequest {
  target: EditTarget;
  change?: DeviceChange;
  /**
   * Removes the devices with their credentials and closes their links. Their readings age out.
   */
  remove?: true;
}
/**
 * The devices to change. Give exactly one of the four ways to name them.
 */
export interface EditTarget {
  /**
   * The ids of the devices, at most 1,000. An id that no device has is a fault of the answer; the others are changed.
   *
   * @minItems 1
   * @maxItems 1000
   */
  ids?: [string, ...string[]];
  /**
   * All devices that have every one of these tags, for example `{"site":"north"}`.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * All devices of this model.
   */
  model?: string;
  /**
   * All devices.
   */
  all?: true;
}
/**
 * What changes of each device. What is absent stays as it is.
 */
export interface DeviceChange {
  /**
   * The name of the new model. With null the devices have no model.
   */
  model?: string | null;
  /**
   * `disabled` closes the links of the devices at once and refuses new ones; `active` lets them connect again.
   */
  state?: 'active' | 'disabled';
  /**
   * The names of tags to remove. A device that has no such tag stays as it is.
   *
   * @minItems 1
   * @maxItems 32
   */
  removeTags?: [string, ...string[]];
  /**
   * Tags to add, or to give this value, for example `{"site":"north"}`. Other tags stay. They are set after `removeTags` is done.
   */
  setTags?: {
    [k: string]: string;
  };
}

/**
 * What an edit of many devices has done.
 */
export interface DeviceEdited {
  /**
   * How many devices the target named. It is the sum of the next three numbers.
   */
  matched: number;
  /**
   * How many devices were changed or removed.
   */
  changed: number;
  /**
   * How many devices were already as the change wants them.
   */
  unchanged: number;
  /**
   * How many devices could not be changed.
   */
  failed: number;
  /**
   * Why devices could not be changed, the first 1,000 of them.
   */
  faults: DeviceEditFault[];
}
/**
 * A device that could not be changed.
 */
export interface DeviceEditFault {
  /**
   * The id of the device.
   */
  id: string;
  /**
   * The cause for programs. `device_unknown`: there is no such device, or it was removed meanwhile. `too_many_tags`: it would have more than 32 tags.
   */
  code: 'device_unknown' | 'too_many_tags';
  /**
   * The cause in words.
   */
  message: string;
}

/**
 * Devices to register together. Either all of them are registered, or none.
 */
export interface DeviceImport {
  /**
   * The devices to register.
   *
   * @minItems 1
   * @maxItems 5000
   */
  devices: [DeviceCreate, ...DeviceCreate[]];
}
/**
 * A device to register.
 */
/**
 * The credentials of the devices that were registered together, in the order of the request. The secrets are shown this once only.
 */
export interface DeviceImported {
  /**
   * One credential per device.
   */
  items: NewCredentialBody[];
}
/**
 * A new credential. The secret is shown this once only.
 */
export interface NewCredentialBody {
  /**
   * The id of the device that the credential belongs to.
   */
  id: string;
  /**
   * The secret that the device connects with. The gateway keeps only its SHA-256, so it is shown in this answer only.
   */
  secret: string;
  /**
   * The id of the credential, a UUIDv7, with which it can be revoked.
   */
  cid: string;
  /**
   * The id of the command that carries the secret to the device. It is present only if the request had `push`.
   */
  command?: string;
}

/**
 * Devices in the order of their ids.
 */
export interface DevicePage {
  /**
   * The devices of this page.
   */
  items: DeviceBody[];
  /**
   * The cursor of the next page, to be given as the query parameter `cursor`. It is null on the last page.
   */
  next: string | null;
}
/**
 * A registered device.
 */
/**
 * Whether the device is connected, since when, and how its last link ended.
 */
/**
 * The fields of a device to change. What is absent stays as it is.
 */
export interface DevicePatch {
  /**
   * The new name of the device for people, on one line and not only of spaces. With null the device has no name.
   */
  name?: string | null;
  /**
   * The new notes about the device. With null there are none.
   */
  notes?: string | null;
  /**
   * The name of the new model. With null the device has no model.
   */
  model?: string | null;
  /**
   * The new tags. They replace all tags that the device has.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * `disabled` closes the link of the device at once and refuses new ones; `active` lets it connect again.
   */
  state?: 'active' | 'disabled';
}

/**
 * Which readings are exported, in which form, and where to.
 */
export interface ExportRequest {
  /**
   * An absolute path on the machine of the gateway, for example `/var/exports/may`. The folder must be empty, or not exist, or have the same export, which is continued then. It must not be in the data folder.
   */
  folder: string;
  /**
   * The form of the files. `parquet`: Apache Parquet. `csv`: RFC 4180 with the header `device,metric,unit,ts,value`. `ndjson`: a JSON object per line. `sqlite`: an SQLite file with the table `readings`.
   */
  format: 'parquet' | 'csv' | 'ndjson' | 'sqlite';
  /**
   * The start, in Unix milliseconds.
   */
  from: number;
  /**
   * The end, in Unix milliseconds, exclusive.
   */
  to: number;
  target?: ExportTarget;
}
/**
 * The devices whose readings are exported. If it is absent, the readings of all devices are exported. Else give exactly one of the three ways to name them.
 */
export interface ExportTarget {
  /**
   * The ids of the devices. All of them must exist.
   *
   * @minItems 1
   * @maxItems 100000
   */
  ids?: [string, ...string[]];
  /**
   * All devices that have every one of these tags, for example `{"site":"north"}`.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * All devices of this model.
   */
  model?: string;
}

/**
 * The state of the gateway.
 */
export interface GatewayBody {
  /**
   * The id of the gateway, from the setting `gatewayId` or from `gateway.json` of the data folder.
   */
  gatewayId: string;
  /**
   * The version of Tidegate.
   */
  version: string;
  /**
   * The library that speaks WebSocket and HTTP, as the setting `transport` chose it.
   */
  transport: {
    /**
     * `uws`: uWebSockets.js. `ws`: ws on Node's own HTTP.
     */
    name: 'uws' | 'ws';
    /**
     * The version of the library.
     */
    version: string;
    /**
     * Why it is this one.
     */
    reason: string;
  };
  /**
   * The time at which the gateway started, in Unix milliseconds.
   */
  startedAt: number;
  /**
   * `ready`: it takes new links. `storage_unavailable`: the store cannot be written to. `clock_untrusted`: the clock is behind the gateway's own data. `overloaded`: there is no room for links or telemetry. `stopping`: it is shutting down.
   */
  state: 'ready' | 'storage_unavailable' | 'clock_untrusted' | 'overloaded' | 'stopping';
  /**
   * How many device links are open.
   */
  links: number;
  /**
   * How many devices are registered.
   */
  devices: number;
  /**
   * The bytes of telemetry that are received and not yet on disk.
   */
  queuedBytes: number;
  /**
   * The median of the time from the receipt of a commit's oldest frame to its ack, in milliseconds, over the last 5 to 10 seconds. It is 0 if there was no commit.
   */
  ackP50Ms: number;
  /**
   * The 99th percentile of the same time.
   */
  ackP99Ms: number;
  /**
   * How many telemetry frames were received in the last second.
   */
  framesPerSecond: number;
  /**
   * How many readings were stored in the last second.
   */
  readingsPerSecond: number;
  /**
   * How many readings were stored since the start of the gateway. Repeats do not count.
   */
  readingsStored: number;
  /**
   * The absolute path of the data folder on the machine of the gateway.
   */
  dataFolder: string;
  /**
   * The free space in the file system of the data folder, in bytes. It is measured every 5 seconds.
   */
  diskFreeBytes: number;
  /**
   * True if the free space is below the setting `store.lowSpaceBytes`.
   */
  diskLow: boolean;
  /**
   * How many readings are in the commit log and not yet in a day file.
   */
  unsealedReadings: number;
  /**
   * Why no old data is removed at present, in words. `POST /v1/gateway/confirm-clock` ends the pause. It is null if old data is removed as usual.
   */
  retentionPaused: string | null;
  /**
   * The days of which a file is damaged, missing or of another program, as far as it is known: newest first. Everything else works. `tidegate doctor --all` reads every file.
   */
  damagedDays: DamagedDay[];
  /**
   * The time of the newest commit by the gateway's clock, in Unix milliseconds. It is 0 if there was none.
   */
  newestCommitAt: number;
  /**
   * The state of the MQTT bridge. `off` means that `mqtt.url` is not set. How much waits for the broker is in `/metrics`.
   */
  mqtt: 'off' | 'connected' | 'disconnected';
}
export interface DamagedDay {
  /**
   * The UTC day, as `YYYY-MM-DD`.
   */
  day: string;
  /**
   * The file, below the data folder.
   */
  file: string;
  /**
   * What is wrong with it, in words.
   */
  fault: string;
  /**
   * How many readings of the day wait in a file of their own. They are stored, and queries return them. They are moved into the day when the file is restored.
   */
  waiting: number;
}

/**
 * The answer of a health check.
 */
export interface HealthBody {
  /**
   * `ok` from `/livez`, `ready` from `/readyz`.
   */
  status: string;
  /**
   * From `/readyz`: what needs an operator although devices may connect, such as a damaged day file. It is absent if there is nothing.
   */
  warnings?: string[];
}

/**
 * Long work on the files of the store: a backup, the erasure of a device, the packing of old days, or an export.
 */
export interface JobBody {
  /**
   * The id of the job, a UUIDv7.
   */
  id: string;
  /**
   * `backup` copies the store into a folder. `erase` removes the readings of a removed device from every file. `pack` packs the finished days that Tidegate 0.1 wrote. `export` writes readings into files of another form.
   */
  type: 'backup' | 'erase' | 'pack' | 'export';
  /**
   * The folder of a backup or of an export, the id of the device that is erased, or `readings` for the day files that are packed.
   */
  subject: string;
  /**
   * `waiting`: not begun. `running`: at work. `done` and `failed` are final; an export that was cancelled is `failed`. A failed erasure is tried again a minute later as a new job.
   */
  state: 'waiting' | 'running' | 'done' | 'failed';
  /**
   * How many files are finished.
   */
  filesDone: number;
  /**
   * How many files there are to work on. It is 0 before the job runs; if no file needs to be packed, it stays 0.
   */
  filesTotal: number;
  /**
   * The bytes that a backup or an export has written so far. It is 0 for other jobs.
   */
  bytes: number;
  /**
   * The readings that an export has written in this run. It is 0 for other jobs.
   */
  readings: number;
  /**
   * How many damaged parts of day files an export left out. `tidegate doctor --all` names them.
   */
  damaged: number;
  /**
   * The time at which the job was created, in Unix milliseconds.
   */
  createdAt: number;
  /**
   * The time at which the job ended, in Unix milliseconds. It is null before.
   */
  endedAt: number | null;
  /**
   * Why the job failed, in words. It is null if it did not fail.
   */
  error: string | null;
}

/**
 * The jobs since the start of the gateway, newest first. Of ended jobs about the last 100 are kept.
 */
export interface JobPage {
  /**
   * The jobs.
   */
  items: JobBody[];
  /**
   * Always null, because this list is never split into pages.
   */
  next: string | null;
}
/**
 * Long work on the files of the store: a backup, the erasure of a device, the packing of old days, or an export.
 */
/**
 * An operator key to create.
 */
export interface KeyCreate {
  /**
   * A name for people, for example `night shift`. It need not be unique.
   */
  name: string;
  /**
   * What the key may do. `viewer` reads. `operator` also manages devices and sends commands. `admin` also manages keys, reads the audit log, reloads, confirms the clock and makes backups.
   */
  role: 'viewer' | 'operator' | 'admin';
  /**
   * The time from which the key is no longer accepted, in Unix milliseconds. It must be in the future. If it is absent, the key has no end.
   */
  notAfter?: number;
}

/**
 * The operator keys, without their texts.
 */
export interface KeyPage {
  /**
   * The keys.
   */
  items: KeyItem[];
  /**
   * Always null, because this list is never split into pages.
   */
  next: string | null;
}
export interface KeyItem {
  /**
   * The id of the key, a UUIDv7. The audit log and commands name it in `by`.
   */
  id: string;
  /**
   * The name that the key was created with.
   */
  name: string;
  /**
   * What the key may do. `viewer` reads. `operator` also manages devices and sends commands. `admin` also manages keys, reads the audit log, reloads, confirms the clock and makes backups.
   */
  role: 'viewer' | 'operator' | 'admin';
  /**
   * The time at which the key was created, in Unix milliseconds.
   */
  createdAt: number;
  /**
   * The time from which the key is no longer accepted, in Unix milliseconds. It is null if it has no end.
   */
  notAfter: number | null;
  /**
   * The time of the last request with the key, in Unix milliseconds. It is null if it was never used.
   */
  lastUsedAt: number | null;
}

/**
 * The newest reading of each metric of a device.
 */
export interface LatestBody {
  /**
   * The newest reading by metric name. The object is empty if nothing is stored.
   */
  metrics: {
    [k: string]: LatestMetric;
  };
}
export interface LatestMetric {
  /**
   * The time of the reading, in Unix milliseconds.
   */
  ts: number;
  /**
   * The value. A metric keeps the kind of its first reading.
   */
  value: number | string | boolean;
  /**
   * The SenML unit that the device or its model declared, for example `Cel`. It is null if none was declared.
   */
  unit: string | null;
}

/**
 * A message of the live feed `/v1/live` to a client. Messages of type `readings`, `latest` and `trace` are samples: a client that reads too slowly misses some, and a `dropped` message reports how many. All other messages are events and are never left out: a client that cannot take them is closed with 1013.
 */
export type LiveMessage =
  | LiveWelcome
  | LiveSubscribed
  | LiveUnsubscribed
  | LiveError
  | LiveReadings
  | LiveLatest
  | LivePresence
  | LiveDevices
  | LiveRejected
  | LiveCommand
  | LiveDropped
  | LiveSnapshot
  | LiveTrace;

/**
 * The first message after the connection is open.
 */
export interface LiveWelcome {
  /**
   * The message type, always `welcome`.
   */
  type: 'welcome';
  /**
   * The id of the gateway.
   */
  gatewayId: string;
  /**
   * The clock of the gateway, in Unix milliseconds.
   */
  serverTime: number;
}
/**
 * A subscription is in force.
 */
export interface LiveSubscribed {
  /**
   * The message type, always `subscribed`.
   */
  type: 'subscribed';
  /**
   * The id of the subscription. It is empty if the request had none.
   */
  id: string;
}
/**
 * A subscription has ended, or there was none with this id.
 */
export interface LiveUnsubscribed {
  /**
   * The message type, always `unsubscribed`.
   */
  type: 'unsubscribed';
  /**
   * The id that the request named.
   */
  id: string;
}
/**
 * A message of the client was refused. The subscriptions stay as they were.
 */
export interface LiveError {
  /**
   * The message type, always `error`.
   */
  type: 'error';
  /**
   * The cause for programs: `json_invalid`, `subscription_invalid`, `too_many_subscriptions` or `trace_needs_devices`.
   */
  code: string;
  /**
   * The cause in words, for people.
   */
  message: string;
}
/**
 * The readings of a frame that is on disk.
 */
export interface LiveReadings {
  /**
   * The message type, always `readings`.
   */
  type: 'readings';
  /**
   * The id of the device.
   */
  device: string;
  /**
   * The device's number of the frame. It is 0 if the frame had none.
   */
  seq: number;
  /**
   * The time at which the frame was received, in Unix milliseconds.
   */
  receivedAt: number;
  /**
   * The readings of the frame that were new.
   */
  readings: LiveReading[];
}
export interface LiveReading {
  /**
   * The name of the metric.
   */
  metric: string;
  /**
   * The time of the reading, in Unix milliseconds.
   */
  ts: number;
  /**
   * The value.
   */
  value: number | string | boolean;
}
/**
 * The latest values that changed, twice per second at most.
 */
export interface LiveLatest {
  /**
   * The message type, always `latest`.
   */
  type: 'latest';
  /**
   * The newest readings by device id, and in each by metric name. Only metrics that changed are in it.
   */
  changes: {
    [k: string]: {
      [k: string]: LiveLatestValue;
    };
  };
}
export interface LiveLatestValue {
  /**
   * The time of the reading, in Unix milliseconds.
   */
  ts: number;
  /**
   * The value. A metric keeps the kind of its first reading.
   */
  value: number | string | boolean;
  /**
   * The SenML unit that the device or its model declared, for example `Cel`. It is null if none was declared.
   */
  unit: string | null;
}
/**
 * A device connected, disconnected, introduced itself, became late, or is no longer late.
 */
export interface LivePresence {
  /**
   * The message type, always `presence`.
   */
  type: 'presence';
  /**
   * The id of the device.
   */
  device: string;
  presence: DevicePresence;
}
/**
 * The presence of the device when the message was sent.
 */
/**
 * Operators registered, edited or removed these devices. `GET /v1/devices/{id}` has what they are now.
 */
export interface LiveDevices {
  /**
   * The message type, always `devices`.
   */
  type: 'devices';
  /**
   * What was done to the devices.
   */
  what: 'created' | 'edited' | 'removed';
  /**
   * The ids of the devices: one, or up to 5,000 that changed together.
   */
  ids: string[];
}
/**
 * A frame was refused and is in quarantine.
 */
export interface LiveRejected {
  /**
   * The message type, always `rejected`.
   */
  type: 'rejected';
  /**
   * The id of the device.
   */
  device: string;
  /**
   * The id of the rejected frame, with which it can be read and admitted.
   */
  rid: string;
  /**
   * The device's number of the frame. It is 0 if it had none, or none that could be read.
   */
  seq: number;
  /**
   * The fault, one of the codes of PROTOCOL.md section 7.
   */
  code: string;
  /**
   * A JSON Pointer to the place of the fault in a JSON message. It is null if the fault has no place.
   */
  path: string | null;
  /**
   * The fault in words.
   */
  message: string;
}
/**
 * A command was created, or its state has changed. The state is on disk.
 */
export interface LiveCommand {
  /**
   * The message type, always `command`.
   */
  type: 'command';
  /**
   * The id of the device.
   */
  device: string;
  command: LiveCommandState;
}
/**
 * The command and its new state.
 */
export interface LiveCommandState {
  /**
   * The id of the command.
   */
  id: string;
  /**
   * The name of the command.
   */
  name: string;
  /**
   * The new state, as in `command_state`.
   */
  state: string;
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
   * The time at which the command was created, in Unix milliseconds.
   */
  createdAt: number;
}
/**
 * The client did not read fast enough and missed samples.
 */
export interface LiveDropped {
  /**
   * The message type, always `dropped`.
   */
  type: 'dropped';
  /**
   * How many readings, latest values and traced frames were not sent to this client.
   */
  samples: number;
}
/**
 * A piece of the snapshot that a subscription asked for.
 */
export interface LiveSnapshot {
  /**
   * The message type, always `snapshot`.
   */
  type: 'snapshot';
  /**
   * The id of the subscription.
   */
  id: string;
  /**
   * The devices of this piece by id, each as it was when the piece was sent. Changes that were sent before are already in it.
   */
  devices: {
    [k: string]: LiveSnapshotDevice;
  };
  /**
   * True if another piece follows.
   */
  more: boolean;
}
export interface LiveSnapshotDevice {
  presence?: DevicePresence1;
  /**
   * The newest reading by metric name. It is present if the subscription has the kind `latest`.
   */
  latest?: {
    [k: string]: LiveLatestValue1;
  };
}
/**
 * The presence of the device. It is present if the subscription has the kind `presence`.
 */
export interface DevicePresence1 {
  /**
   * True if the device has a link.
   */
  online: boolean;
  /**
   * The time of the last change between online and offline, in Unix milliseconds. It is null if the device was not seen yet.
   */
  since: number | null;
  /**
   * The IP address of the present link, or of the last one. It is null if the device was not seen yet.
   */
  address: string | null;
  /**
   * The subprotocol of the present link, or of the last one, for example `tidegate.v1.binary`. It is null if the device offered none and so speaks JSON, or if it was not seen yet.
   */
  subprotocol: string | null;
  /**
   * The stream of the present link, or of the last one. A name that begins with `link-` was made by the gateway, because the device named none. It is null if the device was not seen yet.
   */
  stream: string | null;
  /**
   * The name of the client software from the device's hello. It is null if the present link, or the last one, brought no hello with a name.
   */
  agent: string | null;
  /**
   * The firmware version from the device's hello. It is null if the present link, or the last one, brought no hello with a version.
   */
  firmware: string | null;
  /**
   * How the last link ended. It is null if no link has ended yet.
   */
  lastClose: null | {
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
  };
  /**
   * The time at which a sleeping device announced to be back, in Unix milliseconds. It is null if it announced none with its last close.
   */
  backAt: number | null;
}
export interface LiveLatestValue1 {
  /**
   * The time of the reading, in Unix milliseconds.
   */
  ts: number;
  /**
   * The value. A metric keeps the kind of its first reading.
   */
  value: number | string | boolean;
  /**
   * The SenML unit that the device or its model declared, for example `Cel`. It is null if none was declared.
   */
  unit: string | null;
}
/**
 * How the gateway handled one frame of a traced device. It is sent when the frame was acknowledged or has ended otherwise, and again with the same `id` once it is bridged.
 */
export interface LiveTrace {
  /**
   * The message type, always `trace`.
   */
  type: 'trace';
  /**
   * The number of the traced frame, counted from 1 since the start of the gateway.
   */
  id: number;
  /**
   * The id of the device.
   */
  device: string;
  /**
   * The stream of the link that the frame came on.
   */
  stream: string;
  /**
   * The time at which the frame was received, in Unix milliseconds.
   */
  receivedAt: number;
  /**
   * `json` for a text message, `binary` for a binary one.
   */
  encoding: 'json' | 'binary';
  /**
   * The length of the whole message, in bytes.
   */
  length: number;
  /**
   * The first 8,192 bytes of the message, in base64.
   */
  bytes: string;
  /**
   * The device's number of the frame. It is 0 if it had none, or none that could be read.
   */
  seq: number;
  /**
   * `stored`: its readings are on disk. `duplicate`: an older link had brought it. `refused`: it is in quarantine. `other`: it is not telemetry. `closed`: the link was closed because of it. `lost`: its commit failed, and the device will send it again.
   */
  outcome: 'stored' | 'duplicate' | 'refused' | 'other' | 'closed' | 'lost';
  /**
   * How many readings the frame brought. It is 0 unless the outcome is `stored` or `lost`.
   */
  readings: number;
  /**
   * Why the frame was refused. It is null if it was not.
   */
  fault: null | LiveTraceFault;
  /**
   * When the frame was decoded and checked, in milliseconds after receipt.
   */
  decodedMs: number;
  /**
   * When the frame was on disk, in milliseconds after receipt. It is null if it is not yet, or never will be.
   */
  committedMs: number | null;
  /**
   * When the ack or nack was sent, in milliseconds after receipt. It is null if it is not yet, or never will be.
   */
  ackedMs: number | null;
  /**
   * When the MQTT broker had acknowledged it, in milliseconds after receipt. It is null if it has not yet, or never will.
   */
  bridgedMs: number | null;
}
export interface LiveTraceFault {
  /**
   * The fault, one of the codes of PROTOCOL.md section 7.
   */
  code: string;
  /**
   * A JSON Pointer to the place of the fault in a JSON message. It is null if the fault has no place.
   */
  path: string | null;
  /**
   * The fault in words.
   */
  message: string;
}

/**
 * What a client of `/v1/live` wants to receive. A subscription replaces the one with the same id. A client has at most 16.
 */
export interface LiveSubscribe {
  /**
   * The message type, always `subscribe`.
   */
  type: 'subscribe';
  /**
   * A name of the client's choice, to replace or end the subscription later. If it is absent, it is the one subscription without a name.
   */
  id?: string;
  /**
   * The ids of the devices. If it is absent, all devices are meant.
   *
   * @maxItems 10000
   */
  devices?: string[];
  /**
   * Only devices that have every one of these tags, for example `{"site":"north"}`. If it is absent, tags do not matter.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * Which messages to send. `trace` needs `devices`, at most 10 of them.
   *
   * @minItems 1
   */
  kinds: [
    'readings' | 'latest' | 'presence' | 'devices' | 'rejected' | 'commands' | 'trace',
    ...('readings' | 'latest' | 'presence' | 'devices' | 'rejected' | 'commands' | 'trace')[],
  ];
  /**
   * Only these metrics, in messages with latest values. If it is absent, all metrics are meant.
   *
   * @minItems 1
   * @maxItems 32
   */
  metrics?: [string, ...string[]];
  /**
   * If true, presence and latest values (as far as they are in `kinds`) are also sent as they are now, in pieces, so that changes have something to build on. If it is absent, only changes are sent.
   */
  snapshot?: boolean;
}

/**
 * Ends a subscription of a client of `/v1/live`.
 */
export interface LiveUnsubscribe {
  /**
   * The message type, always `unsubscribe`.
   */
  type: 'unsubscribe';
  /**
   * The id of the subscription. The empty text means the one without a name.
   */
  id: string;
}

/**
 * The device models of the gateway: their metrics, and the commands that their devices take.
 */
export interface ModelPage {
  /**
   * The models, by name.
   */
  items: ModelItem[];
  /**
   * Always null, because this list is never split into pages.
   */
  next: string | null;
}
export interface ModelItem {
  /**
   * The name of the model, which is the name of its file.
   */
  name: string;
  /**
   * What the model is, for people. It is null if the model does not say it.
   */
  description: string | null;
  /**
   * How often devices of this model are expected to send, in seconds. It is null if the model does not say it.
   */
  expectedIntervalSeconds: number | null;
  /**
   * The metrics that the model declares.
   */
  metrics: ModelMetricItem[];
  /**
   * The commands that devices of this model take. If the list is empty, they take any name.
   */
  commands: ModelCommandItem[];
}
export interface ModelMetricItem {
  /**
   * The number of the metric in binary frames of table 0.
   */
  number: number;
  /**
   * The name of the metric.
   */
  name: string;
  /**
   * The SenML unit (RFC 8428), for example `Cel`. It is null if the model declares none.
   */
  unit: string | null;
  /**
   * The kind of the values. A value of another kind is refused with `value_invalid`.
   */
  kind: 'number' | 'string' | 'boolean';
  /**
   * The factor by which values of binary frames are multiplied.
   */
  scale: number;
  /**
   * The range in which values are plausible. It is null if the model declares none.
   */
  range: {
    /**
     * The lowest value in range. If it is absent, there is no lower bound.
     */
    min?: number;
    /**
     * The highest value in range. If it is absent, there is no upper bound.
     */
    max?: number;
    /**
     * What happens to a value outside. `store`: it is stored and counted. `refuse`: the frame is refused with `value_out_of_range`.
     */
    outside?: 'store' | 'refuse';
  } | null;
}
export interface ModelCommandItem {
  /**
   * The name of the command.
   */
  name: string;
  /**
   * What the command does, for people. It is null if the model does not say it.
   */
  description: string | null;
  /**
   * The JSON Schema of the parameters. `secret: true` marks a value that is never shown, and is erased when the command ends.
   */
  params: {
    [k: string]: unknown;
  };
  /**
   * How many seconds such a command may wait to be sent, if the request does not say it. It is null if the default of an hour counts.
   */
  ttlSeconds: number | null;
  /**
   * How many seconds after sending the device may take for its final state, if the request does not say it. It is null if the default of 5 minutes counts.
   */
  deadlineSeconds: number | null;
}

/**
 * A new credential. The secret is shown this once only.
 */
/**
 * A new operator key. Its text is shown this once only.
 */
export interface NewKeyBody {
  /**
   * The id of the key, a UUIDv7, with which it can be revoked.
   */
  id: string;
  /**
   * The text of the key: `tgk_` and 43 characters. Requests carry it as `Authorization: Bearer tgk_…`. The gateway keeps only its SHA-256.
   */
  key: string;
}

/**
 * An error (RFC 9457).
 */
export interface ProblemBody {
  /**
   * Always `about:blank`. Programs look at `code` instead.
   */
  type: string;
  /**
   * What kind of error it is, in words. It is the same for every error of this code.
   */
  title: string;
  /**
   * The HTTP status of the answer.
   */
  status: number;
  /**
   * What is wrong in this request, and what would be right, in words.
   */
  detail?: string;
  /**
   * The cause for programs, for example `device_unknown`.
   */
  code: string;
  /**
   * Every fault of the body, the query or the command's parameters. It is absent for other errors.
   */
  errors?: ProblemError[];
}
export interface ProblemError {
  /**
   * A JSON Pointer (RFC 6901) into the body, for example `/tags/site`; for a query parameter `/` and its name. It is empty if the whole is meant.
   */
  path: string;
  /**
   * What is wrong there, in words.
   */
  message: string;
}

/**
 * Readings in the order of time. With the query parameter `every` the items are buckets instead.
 */
export interface ReadingPage {
  /**
   * The readings or buckets of this page.
   */
  items: (ReadingItem | BucketItem)[];
  /**
   * Only if readings in range are damaged on disk: what is missing from the items.
   */
  damaged?: DamagedSpan[];
  /**
   * The cursor of the next page, to be given as the query parameter `cursor`. It is null on the last page.
   */
  next: string | null;
}
/**
 * One reading.
 */
export interface ReadingItem {
  /**
   * The name of the metric.
   */
  metric: string;
  /**
   * The time of the reading, in Unix milliseconds.
   */
  ts: number;
  /**
   * The value.
   */
  value: number | string | boolean;
}
/**
 * What the readings of one metric in one bucket of time amount to. Buckets of strings and booleans have only `count`, `first` and `last`.
 */
export interface BucketItem {
  /**
   * The name of the metric.
   */
  metric: string;
  /**
   * The start of the bucket, in Unix milliseconds. Buckets begin at multiples of their width in UTC.
   */
  ts: number;
  /**
   * The mean of the values. It is absent for strings and booleans, and if the sum is too large for a number.
   */
  avg?: number;
  /**
   * The lowest value. It is absent for strings and booleans.
   */
  min?: number;
  /**
   * The highest value. It is absent for strings and booleans.
   */
  max?: number;
  /**
   * The sum of the values. It is absent for strings and booleans, and if it is too large for a number.
   */
  sum?: number;
  /**
   * How many readings the bucket has.
   */
  count: number;
  /**
   * The earliest value in the bucket.
   */
  first: number | string | boolean;
  /**
   * The latest value in the bucket.
   */
  last: number | string | boolean;
}
/**
 * Readings of one metric that cannot be read.
 */
export interface DamagedSpan {
  /**
   * The name of the metric.
   */
  metric: string;
  /**
   * The time of the first reading that is missing, in Unix milliseconds.
   */
  from: number;
  /**
   * The time of the last one, in Unix milliseconds.
   */
  to: number;
}

/**
 * The rejected frames of a device, newest first. The last 1,000 of each device are kept.
 */
export interface RejectedPage {
  /**
   * The frames of this page.
   */
  items: RejectedItem[];
  /**
   * The cursor of the next page, to be given as the query parameter `cursor`. It is null on the last page.
   */
  next: string | null;
}
export interface RejectedItem {
  /**
   * The id of the rejected frame: a number as text. Later frames have higher numbers.
   */
  rid: string;
  /**
   * The time at which the frame was received, in Unix milliseconds.
   */
  receivedAt: number;
  /**
   * The stream of the link that the frame came on.
   */
  stream: string;
  /**
   * The device's number of the frame. It is 0 if it had none, or none that could be read.
   */
  seq: number;
  /**
   * The fault, one of the codes of PROTOCOL.md section 7.
   */
  code: string;
  /**
   * A JSON Pointer (RFC 6901) to the place of the fault in a JSON message, for example `/values/temperature`. It is null if the fault has no place.
   */
  path: string | null;
  /**
   * The fault in words.
   */
  message: string;
  /**
   * `json` for a text message, `binary` for a binary one.
   */
  encoding: 'json' | 'binary';
  /**
   * The message in base64. Of a message of more than 65,536 bytes only the first 65,536 are kept.
   */
  bytes: string;
  /**
   * The time at which an operator had the frame stored after all, in Unix milliseconds. It is null if that did not happen.
   */
  admittedAt: number | null;
}

/**
 * What a reload changed. Models and certificates are read again even if no setting changed.
 */
export interface ReloadedBody {
  /**
   * The settings whose new values are in force, for example `limits.links`.
   */
  applied: string[];
  /**
   * The settings whose new values count from the next start, for example `device.port`.
   */
  needsRestart: string[];
}

/**
 * The operator key of the request, where devices connect, and what the console loads from elsewhere.
 */
export interface SessionBody {
  /**
   * The id of the key.
   */
  id: string;
  /**
   * The name of the key.
   */
  name: string;
  /**
   * What the key may do. `viewer` reads. `operator` also manages devices and sends commands. `admin` also manages keys, reads the audit log, reloads, confirms the clock and makes backups.
   */
  role: 'viewer' | 'operator' | 'admin';
  /**
   * The port on which devices connect.
   */
  devicePort: number;
  /**
   * True if the device port speaks TLS: devices then connect by `wss://`, else by `ws://`.
   */
  deviceTls: boolean;
  /**
   * The URL by which devices reach the gateway, from the setting `device.publicUrl`; null if it is not set.
   */
  deviceUrl: string | null;
  /**
   * The server of map tiles for the console, from the setting `console.mapTiles`; null if there is none.
   */
  mapTiles: {
    /**
     * The URL of a tile, with `{z}`, `{x}`, `{y}` and perhaps `{r}`.
     */
    url: string;
    /**
     * Whose map it is, as plain text.
     */
    attribution: string;
  } | null;
}

/**
 * The settings of the gateway as they are in force, in the order of the configuration's schema.
 */
export interface SettingPage {
  /**
   * The settings.
   */
  items: SettingItem[];
  /**
   * Always null, because this list is never split into pages.
   */
  next: string | null;
}
export interface SettingItem {
  /**
   * The key, with dots between its parts, for example `store.retentionDays`.
   */
  key: string;
  /**
   * The value in force: a number, a text, a boolean or a list. It is null if the setting has no value. A secret value is `***`.
   */
  value: number | string | boolean | string[] | null;
  /**
   * The default: a number, a text, a boolean or a list. It is null if there is none.
   */
  default: number | string | boolean | string[] | null;
  /**
   * Where the value comes from. `set` is `--set` on the command line, or an option such as `--data`. `default` is also the source of a setting without a value.
   */
  source: 'default' | 'file' | 'environment' | 'set';
  /**
   * The path of the file, or the name of the environment variable. It is null for the other sources.
   */
  from: string | null;
  /**
   * True if a reload applies a new value. False if a new value needs a restart.
   */
  reload: boolean;
  /**
   * What the setting does.
   */
  description: string;
  /**
   * The value after the next restart. It is absent unless a reload has read another value than the one in force.
   */
  next?: number | string | boolean | string[] | null;
}

/**
 * What the data folder holds, how long the disk lasts, and what is kept how long.
 */
export interface StorageBody {
  /**
   * The absolute path of the data folder on the machine of the gateway.
   */
  dataFolder: string;
  /**
   * The bytes of the commit log `log.db`, which also has the rejected frames. The log gets smaller some time after a seal.
   */
  logBytes: number;
  /**
   * The bytes of `tidegate.db`: devices, keys, commands and the audit.
   */
  registryBytes: number;
  /**
   * The bytes of the file that reserves space for a full disk.
   */
  ballastBytes: number;
  /**
   * The bytes that one day of readings needs, with its rollups: the mean of the last seven UTC days before today. It is null if there is no such day yet.
   */
  bytesPerDay: number | null;
  /**
   * The time at which the disk is full at this rate, in Unix milliseconds. It is null if retention removes old days before that, or if there is no rate.
   */
  fullAt: number | null;
  /**
   * The free bytes in the file system of the data folder.
   */
  freeBytes: number;
  /**
   * True if fewer bytes are free than `store.lowSpaceBytes`.
   */
  low: boolean;
  /**
   * The number of readings in the commit log that are not in day files yet.
   */
  unsealedReadings: number;
  /**
   * Readings that are older than this many days are removed.
   */
  retentionDays: number;
  /**
   * Rollups that are older than this many days are removed.
   */
  rollupRetentionDays: number;
  /**
   * Why readings are not removed although they are old enough, in words. It is null if they are removed.
   */
  retentionPaused: string | null;
  /**
   * The days of which a file is damaged, missing or of another program, as far as it is known: newest first. Everything else works. `tidegate doctor --all` reads every file.
   */
  damagedDays: StorageDamagedDay[];
  /**
   * The days that have files, newest first.
   */
  days: StorageDay[];
}
export interface StorageDamagedDay {
  /**
   * The UTC day, as `YYYY-MM-DD`.
   */
  day: string;
  /**
   * The file, below the data folder.
   */
  file: string;
  /**
   * What is wrong with it, in words.
   */
  fault: string;
  /**
   * How many readings of the day wait in a file of their own. They are stored, and queries return them. They are moved into the day when the file is restored.
   */
  waiting: number;
}
export interface StorageDay {
  /**
   * The UTC day, as `YYYY-MM-DD`.
   */
  day: string;
  /**
   * The bytes of the day's readings. It is 0 after retention has removed them.
   */
  readingsBytes: number;
  /**
   * The bytes of the day's aggregates per minute and hour. It is 0 until the day is finished.
   */
  rollupBytes: number;
}
