// Made by npm run generate from the *.schema.json files. Do not edit.

/**
 * A refused frame was let in.
 */
export interface AdmittedBody {
  readings: number;
}

/**
 * Refused connection attempts since the start of the gateway, newest first. At most 2,000 are kept, like ones as one.
 */
export interface AttemptPage {
  items: AttemptItem[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface AttemptItem {
  /**
   * The id that was offered, proven or not; null: none, or none that can be read.
   */
  device: string | null;
  /**
   * There is a device of this id.
   */
  known: boolean;
  address: string;
  /**
   * What was answered, as in PROTOCOL.md.
   */
  code: string;
  /**
   * In words, for operators only: it may say more than the answer did.
   */
  reason: string;
  /**
   * How often since firstAt, from this address, for this device, with this code.
   */
  count: number;
  /**
   * Unix ms.
   */
  firstAt: number;
  /**
   * Unix ms.
   */
  lastAt: number;
  /**
   * Its User-Agent header.
   */
  agent: string | null;
}

/**
 * Who did what to which device when, newest first.
 */
export interface AuditPage {
  items: AuditItem[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface AuditItem {
  id: number;
  /**
   * Unix ms.
   */
  at: number;
  by: string;
  action: string;
  subject: string;
  detail: string | null;
}

/**
 * Where a backup goes.
 */
export interface BackupRequest {
  /**
   * An absolute path on the gateway's machine, of a folder that is empty or not there.
   */
  folder: string;
}

/**
 * A batch of commands.
 */
export interface BatchBody {
  id: string;
  name: string;
  params: {
    [k: string]: unknown;
  };
  target: {
    [k: string]: unknown;
  };
  state: 'running' | 'stopped' | 'aborted' | 'done';
  total: number;
  concurrency: number;
  abortOnFailurePercent: number | null;
  createdAt: number;
  endedAt: number | null;
  by: string;
  /**
   * Devices by the state of their command; waiting: none yet, refused: there will be none. They add up to total.
   */
  counts: {
    [k: string]: number;
  };
  /**
   * The first 1,000.
   */
  failed: FailedMember[];
}
export interface FailedMember {
  device: string;
  command: string | null;
  state: string;
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
   * Devices that have the command under way at a time; default 1,000. What is queued for a device that is offline does not count.
   */
  concurrency?: number;
  /**
   * Given up when more than this share of all devices has failed: what is queued is cancelled.
   */
  abortOnFailurePercent?: number;
}
export interface BatchTarget {
  /**
   * @minItems 1
   * @maxItems 100000
   */
  ids?: [string, ...string[]];
  tags?: {
    [k: string]: string;
  };
  model?: string;
  all?: true;
}

/**
 * Batches, newest first.
 */
export interface BatchPage {
  items: BatchItem[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface BatchItem {
  id: string;
  name: string;
  params: {
    [k: string]: unknown;
  };
  target: {
    [k: string]: unknown;
  };
  state: 'running' | 'stopped' | 'aborted' | 'done';
  total: number;
  concurrency: number;
  abortOnFailurePercent: number | null;
  createdAt: number;
  endedAt: number | null;
  by: string;
}

/**
 * A command with its history.
 */
export interface CommandBody {
  id: string;
  device: string;
  name: string;
  /**
   * What the model marks secret is blacked out.
   */
  params: {
    [k: string]: unknown;
  };
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
   * What the device last said while running.
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
  createdAt: number;
  expiresAt: number;
  endedAt: number | null;
  supersedes: string | null;
  /**
   * The operator key.
   */
  by: string;
  batch: string | null;
  history: CommandEvent[];
}
export interface CommandEvent {
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
   * Unix ms.
   */
  at: number;
  cause: string;
}

/**
 * A command for a device.
 */
export interface CommandCreate {
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
}

/**
 * Commands, newest first.
 */
export interface CommandPage {
  items: CommandBody[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
/**
 * How a command is.
 */
export interface CommandStateBody {
  id: string;
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
}

/**
 * The credentials of a device, without their secrets.
 */
export interface CredentialPage {
  items: CredentialItem[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface CredentialItem {
  cid: string;
  /**
   * Unix ms.
   */
  createdAt: number;
  /**
   * Unix ms from which it is accepted; null: at once.
   */
  notBefore: number | null;
  /**
   * Unix ms from which it is no longer accepted; null: it has no end.
   */
  notAfter: number | null;
  /**
   * Unix ms; null: never.
   */
  lastUsedAt: number | null;
}

/**
 * A further credential of a device.
 */
export interface CredentialRequest {
  /**
   * How long the credentials before it stay valid; left out: for good.
   */
  graceSeconds?: number;
  /**
   * Unix ms from which it is accepted; left out: at once.
   */
  notBefore?: number;
  /**
   * Unix ms from which it is no longer accepted; left out: it has no end.
   */
  notAfter?: number;
  /**
   * The device is told the secret by the command tidegate.rotate_secret.
   */
  push?: boolean;
}

/**
 * A device.
 */
export interface DeviceBody {
  id: string;
  model: string | null;
  tags: {
    [k: string]: string;
  };
  state: 'active' | 'disabled';
  /**
   * Unix ms.
   */
  createdAt: number;
  presence: DevicePresence;
  attributes: {
    [k: string]: number | string | boolean;
  };
}
export interface DevicePresence {
  /**
   * It has a link.
   */
  online: boolean;
  /**
   * late: online, and quiet for longer than it is expected to be. asleep: it said when it would be back, and that is to come. never: not seen yet.
   */
  state: 'never' | 'online' | 'late' | 'asleep' | 'offline';
  /**
   * Unix ms of the last change between online and offline; null: not seen yet.
   */
  since: number | null;
  /**
   * Of the present link, or the last one; so are the next four.
   */
  address: string | null;
  subprotocol: string | null;
  stream: string | null;
  agent: string | null;
  firmware: string | null;
  /**
   * Unix ms of the last frame that was taken in.
   */
  lastFrameAt: number | null;
  /**
   * How often it is to send: by its hello, else by its model.
   */
  expectedEveryMs: number | null;
  /**
   * Of the last ping on the present link.
   */
  roundTripMs: number | null;
  /**
   * Links it made after its first one.
   */
  reconnects: number;
  /**
   * More than five links of late; one is forgiven each minute.
   */
  flapping: boolean;
  lastClose: null | LastClose;
  /**
   * Unix ms at which it said it would be back.
   */
  backAt: number | null;
}
export interface LastClose {
  /**
   * Unix ms.
   */
  at: number;
  /**
   * WebSocket close code; 1006: there was no close frame.
   */
  code: number;
  /**
   * Of a close by the gateway, as in PROTOCOL.md, or silent, invalid_utf8, message_too_large, protocol_error, gateway_ended; lost: the connection broke; null: the device closed it.
   */
  name: string | null;
  by: 'device' | 'gateway' | 'network';
  /**
   * As it was in the close frame.
   */
  reason: string;
}

/**
 * A new device.
 */
export interface DeviceCreate {
  id: string;
  model?: string | null;
  tags?: {
    [k: string]: string;
  };
}

/**
 * Devices to be registered together: all of them, or none.
 */
export interface DeviceImport {
  /**
   * @minItems 1
   * @maxItems 5000
   */
  devices: [DeviceCreate, ...DeviceCreate[]];
}
/**
 * The credentials of devices registered together, in their order. Secrets are told this once only.
 */
export interface DeviceImported {
  items: NewCredentialBody[];
}
export interface NewCredentialBody {
  id: string;
  secret: string;
  cid: string;
  /**
   * Where it is pushed: the command that tells it to the device.
   */
  command?: string;
}

/**
 * Devices, by id.
 */
export interface DevicePage {
  items: DevicePageItem[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface DevicePageItem {
  id: string;
  model: string | null;
  tags: {
    [k: string]: string;
  };
  state: 'active' | 'disabled';
  /**
   * Unix ms.
   */
  createdAt: number;
  presence: DevicePresence;
  attributes: {
    [k: string]: number | string | boolean;
  };
}
/**
 * What to change of a device.
 */
export interface DevicePatch {
  model?: string | null;
  tags?: {
    [k: string]: string;
  };
  state?: 'active' | 'disabled';
}

/**
 * How the gateway is.
 */
export interface GatewayBody {
  gatewayId: string;
  version: string;
  /**
   * Unix ms.
   */
  startedAt: number;
  state: 'ready' | 'storage_unavailable' | 'clock_untrusted' | 'overloaded' | 'stopping';
  links: number;
  devices: number;
  queuedBytes: number;
  ackP50Ms: number;
  ackP99Ms: number;
  framesPerSecond: number;
  readingsPerSecond: number;
  readingsStored: number;
  dataFolder: string;
  diskFreeBytes: number;
  /**
   * Under store.lowSpaceBytes.
   */
  diskLow: boolean;
  /**
   * In the commit log, not yet in day files.
   */
  unsealedReadings: number;
  /**
   * Why nothing is removed for its age; null: it is. POST /v1/gateway/confirm-clock ends it.
   */
  retentionPaused: string | null;
  /**
   * Unix ms.
   */
  newestCommitAt: number;
  /**
   * The bridge; its backlog is in /metrics.
   */
  mqtt: 'off' | 'connected' | 'disconnected';
}

/**
 * Whether the gateway lives, or takes links.
 */
export interface HealthBody {
  status: string;
}

/**
 * Long work on the files of the store: a backup, or erasing a device.
 */
export interface JobBody {
  id: string;
  type: 'backup' | 'erase';
  /**
   * The folder of a backup, the device that is erased.
   */
  subject: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  filesDone: number;
  filesTotal: number;
  /**
   * Written by a backup.
   */
  bytes: number;
  /**
   * Unix ms.
   */
  createdAt: number;
  /**
   * Unix ms.
   */
  endedAt: number | null;
  error: string | null;
}

/**
 * Jobs, newest first.
 */
export interface JobPage {
  items: JobBody[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
/**
 * A new operator key.
 */
export interface KeyCreate {
  name: string;
  role: 'viewer' | 'operator' | 'admin';
  /**
   * Unix ms from which it is no longer accepted; left out: it has no end.
   */
  notAfter?: number;
}

/**
 * Operator keys, without their texts.
 */
export interface KeyPage {
  items: KeyItem[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface KeyItem {
  id: string;
  name: string;
  role: 'viewer' | 'operator' | 'admin';
  /**
   * Unix ms.
   */
  createdAt: number;
  /**
   * Unix ms from which it is no longer accepted; null: it has no end.
   */
  notAfter: number | null;
  /**
   * Unix ms; null: never.
   */
  lastUsedAt: number | null;
}

/**
 * The newest reading of each metric.
 */
export interface LatestBody {
  metrics: {
    [k: string]: LatestMetric;
  };
}
export interface LatestMetric {
  /**
   * Unix ms.
   */
  ts: number;
  value: number | string | boolean;
  unit: string | null;
}

/**
 * What /v1/live says. Messages of type readings, latest and trace are samples: a client that reads too slowly misses some and is told how many by a message dropped. All others are events and never left out: a client that cannot take them is closed with 1013.
 */
export type LiveMessage =
  | LiveWelcome
  | LiveSubscribed
  | LiveUnsubscribed
  | LiveError
  | LiveReadings
  | LiveLatest
  | LivePresence
  | LiveRejected
  | LiveCommand
  | LiveDropped
  | LiveSnapshot
  | LiveTrace;

export interface LiveWelcome {
  type: 'welcome';
  gatewayId: string;
  /**
   * Unix ms.
   */
  serverTime: number;
}
export interface LiveSubscribed {
  type: 'subscribed';
  id: string;
}
export interface LiveUnsubscribed {
  type: 'unsubscribed';
  id: string;
}
export interface LiveError {
  type: 'error';
  code: string;
  message: string;
}
export interface LiveReadings {
  type: 'readings';
  device: string;
  seq: number;
  /**
   * Unix ms.
   */
  receivedAt: number;
  readings: LiveReading[];
}
export interface LiveReading {
  metric: string;
  /**
   * Unix ms.
   */
  ts: number;
  value: number | string | boolean;
}
export interface LiveLatest {
  type: 'latest';
  /**
   * Device to metric to newest value.
   */
  changes: {
    [k: string]: {
      [k: string]: LiveLatestValue;
    };
  };
}
export interface LiveLatestValue {
  /**
   * Unix ms.
   */
  ts: number;
  value: number | string | boolean;
  unit: string | null;
}
export interface LivePresence {
  type: 'presence';
  device: string;
  presence: DevicePresence;
}
export interface LiveRejected {
  type: 'rejected';
  device: string;
  rid: string;
  seq: number;
  code: string;
  path: string | null;
  message: string;
}
export interface LiveCommand {
  type: 'command';
  device: string;
  command: LiveCommandState;
}
export interface LiveCommandState {
  id: string;
  name: string;
  state: string;
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
   * Unix ms.
   */
  createdAt: number;
}
export interface LiveDropped {
  type: 'dropped';
  /**
   * Readings that were not sent, since the client did not read fast enough.
   */
  samples: number;
}
export interface LiveSnapshot {
  type: 'snapshot';
  /**
   * Of the subscription.
   */
  id: string;
  /**
   * Each device as it was when this was sent. Changes told before a device's turn are in it.
   */
  devices: {
    [k: string]: LiveSnapshotDevice;
  };
  /**
   * Another piece follows.
   */
  more: boolean;
}
export interface LiveSnapshotDevice {
  presence?: DevicePresence1;
  latest?: {
    [k: string]: LiveLatestValue1;
  };
}
export interface DevicePresence1 {
  online: boolean;
  /**
   * Unix ms.
   */
  since: number | null;
  address: string | null;
  subprotocol: string | null;
  stream: string | null;
  agent: string | null;
  firmware: string | null;
  lastClose: null | {
    /**
     * Unix ms.
     */
    at: number;
    code: number;
    reason: string;
  };
  /**
   * Unix ms.
   */
  backAt: number | null;
}
export interface LiveLatestValue1 {
  /**
   * Unix ms.
   */
  ts: number;
  value: number | string | boolean;
  unit: string | null;
}
/**
 * One frame's way; told when it was answered, and once more with the same id when it was bridged.
 */
export interface LiveTrace {
  type: 'trace';
  id: number;
  device: string;
  stream: string;
  /**
   * Unix ms.
   */
  receivedAt: number;
  encoding: 'json' | 'binary';
  /**
   * Bytes of the message.
   */
  length: number;
  /**
   * The first 8,192 of them.
   */
  bytes: string;
  /**
   * 0: none, or not readable.
   */
  seq: number;
  /**
   * other: no telemetry. closed: the link was ended over it. lost: its commit failed; the device will send it again.
   */
  outcome: 'stored' | 'duplicate' | 'refused' | 'other' | 'closed' | 'lost';
  readings: number;
  fault: null | LiveTraceFault;
  /**
   * ms after its receipt.
   */
  decodedMs: number;
  /**
   * ms after its receipt; null: not yet, or never.
   */
  committedMs: number | null;
  /**
   * ms after its receipt; null: not yet, or never.
   */
  ackedMs: number | null;
  /**
   * ms after its receipt; null: not yet, or never.
   */
  bridgedMs: number | null;
}
export interface LiveTraceFault {
  code: string;
  path: string | null;
  message: string;
}

/**
 * What a client of /v1/live wants to hear. It replaces the subscription of the same id, of which a client has at most 16.
 */
export interface LiveSubscribe {
  type: 'subscribe';
  /**
   * Left out: the subscription without a name.
   */
  id?: string;
  /**
   * Left out: all.
   *
   * @maxItems 10000
   */
  devices?: string[];
  /**
   * Only devices that have all of them.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * trace needs devices, at most 10.
   *
   * @minItems 1
   */
  kinds: [
    'readings' | 'latest' | 'presence' | 'rejected' | 'commands' | 'trace',
    ...('readings' | 'latest' | 'presence' | 'rejected' | 'commands' | 'trace')[],
  ];
  /**
   * Presence and newest values as they are, before what changes; in pieces.
   */
  snapshot?: boolean;
}

/**
 * Ends a subscription of a client of /v1/live.
 */
export interface LiveUnsubscribe {
  type: 'unsubscribe';
  id: string;
}

/**
 * The device models of the gateway, by name: what their metrics are, and what their devices can be told.
 */
export interface ModelPage {
  items: ModelItem[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface ModelItem {
  name: string;
  description: string | null;
  expectedIntervalSeconds: number | null;
  metrics: ModelMetricItem[];
  /**
   * Empty: its devices take any name.
   */
  commands: ModelCommandItem[];
}
export interface ModelMetricItem {
  number: number;
  name: string;
  unit: string | null;
  kind: 'number' | 'string' | 'boolean';
  scale: number;
  range: {
    min?: number;
    max?: number;
    outside?: 'store' | 'refuse';
  } | null;
}
export interface ModelCommandItem {
  name: string;
  description: string | null;
  /**
   * JSON Schema of the parameters; secret: true marks one that is never shown.
   */
  params: {
    [k: string]: unknown;
  };
  ttlSeconds: number | null;
  deadlineSeconds: number | null;
}

/**
 * A credential. The secret is told this once only.
 */
/**
 * An operator key. Its text is told this once only.
 */
export interface NewKeyBody {
  id: string;
  key: string;
}

/**
 * An error (RFC 9457).
 */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail?: string;
  code: string;
  errors?: ProblemError[];
}
export interface ProblemError {
  path: string;
  message: string;
}

/**
 * Readings in order of time.
 */
export interface ReadingPage {
  items: (ReadingItem | BucketItem)[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface ReadingItem {
  metric: string;
  /**
   * Unix ms.
   */
  ts: number;
  value: number | string | boolean;
}
/**
 * With `every`: what the readings of a bucket amount to. Strings and booleans have count, first and last.
 */
export interface BucketItem {
  metric: string;
  /**
   * Start of the bucket, Unix ms.
   */
  ts: number;
  avg?: number;
  min?: number;
  max?: number;
  sum?: number;
  count: number;
  first: number | string | boolean;
  last: number | string | boolean;
}

/**
 * Refused frames, newest first.
 */
export interface RejectedPage {
  items: RejectedItem[];
  /**
   * Cursor of the next page; null: this is the last.
   */
  next: string | null;
}
export interface RejectedItem {
  rid: string;
  /**
   * Unix ms.
   */
  receivedAt: number;
  stream: string;
  seq: number;
  code: string;
  path: string | null;
  message: string;
  encoding: 'json' | 'binary';
  bytes: string;
  /**
   * Unix ms.
   */
  admittedAt: number | null;
}

/**
 * What a reload changed. Models and certificates are read again also where no key changed.
 */
export interface ReloadedBody {
  /**
   * Keys whose new values are in force.
   */
  applied: string[];
  /**
   * Keys whose new values count from the next start on.
   */
  needsRestart: string[];
}

/**
 * Whose key it is, and where devices connect.
 */
export interface SessionBody {
  id: string;
  name: string;
  role: 'viewer' | 'operator' | 'admin';
  devicePort: number;
  deviceTls: boolean;
}
