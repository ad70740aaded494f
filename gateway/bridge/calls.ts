import type { Model } from '../domain/model.js';

/** The calls between the main thread and the bridge's: one typed map per direction, without answers. These are the calls from the main thread. */
export interface ToBridge {
  /** The first call: where the bridge's cursor is in the log, and all devices. */
  start(position: number, devices: DeviceFacts[]): void;
  /** A device is new, or its presence has changed. */
  device(facts: DeviceFacts): void;
  /** An operator has edited a device; its name or model may have changed. */
  deviceEdited(facts: DeviceFacts): void;
  deviceRemoved(id: string): void;
  /** Publishes an answer to a command, or to a message that was none. */
  answer(answer: CommandAnswer): void;
  /** The message was dealt with, so the broker may forget it. */
  taken(messageNumber: number): void;
  /** Disconnects from the broker and ends the thread. */
  stop(): void;
}

/** The calls from the bridge's thread. */
export interface FromBridge {
  status(status: BridgeStatus): void;
  /** Everything up to this position is acknowledged by the broker, or was dropped. */
  moved(position: number): void;
  /** Rows of the log were dropped and will not be bridged. */
  dropped(dropped: Dropped): void;
  connection(change: ConnectionChange): void;
  /** A message came on a command topic. */
  command(message: IncomingCommand): void;
  /** The thread has left the broker. */
  stopped(): void;
}

/** An answer to a message on a command topic. */
export interface CommandAnswer {
  /** The device part of the topic; it may be no possible id. */
  device: string;
  /** The last part of the topic: the command's id, or `error`. */
  name: string;
  payload: string;
  /** A second topic for the answer. */
  reply: Reply | null;
}

/** The MQTT 5 response topic of a request. */
export interface Reply {
  topic: string;
  correlation: Uint8Array | null;
}

/** A message on a command topic. */
export interface IncomingCommand {
  /** The main thread calls `taken` with it. */
  messageNumber: number;
  topic: string;
  payload: Uint8Array;
  retained: boolean;
  reply: Reply | null;
}

/** The connection to the broker was made, was lost, or works only in part (`connected` with a reason). */
export interface ConnectionChange {
  connected: boolean;
  /** Why it ended, could not be made, or works only in part. */
  why: string | null;
  retryMs: number | null;
}

/** Frames that will not be bridged. */
export interface Dropped {
  why: 'bytes' | 'age' | 'unsendable';
  frames: number;
  readings: number;
  bytes: number;
  /** Times of the first and the last dropped commit: Unix ms. */
  from: number;
  to: number;
}

/** The state of the bridge's thread. Counts are since the thread started. */
export interface BridgeStatus {
  connected: boolean;
  /** Messages that the broker has acknowledged: telemetry, and all others. */
  telemetryAcked: number;
  othersAcked: number;
  /** Answers to commands that were dropped because too many waited. */
  answersLost: number;
  /** Sent again after a lost connection or a refusal. */
  resent: number;
  refused: number;
  inFlight: number;
  backlogRows: number;
  backlogBytes: number;
  /** Age of the oldest commit that is not bridged. */
  backlogMs: number;
  /** True if more waits than is configured. */
  full: boolean;
}

/** The bridge as it is configured; see the section mqtt of the configuration. Crosses to the bridge's thread. */
export interface BridgeSettings {
  broker: BrokerOptions;
  prefix: string;
  gatewayId: string;
  version: string;
  window: number;
  messageBytesMax: number;
  expirySeconds: number | null;
  backlogBytesMax: number;
  backlogMsMax: number;
  whenFull: 'drop-oldest' | 'refuse';
  profile: 'tidegate' | 'homeassistant';
  discoveryPrefix: string;
  models: Model[];
}

/** What the bridge knows of a device beside its telemetry. */
export interface DeviceFacts {
  id: string;
  /** What people call it; null: it has no name. */
  name: string | null;
  model: string | null;
  online: boolean;
  /** Unix ms of the last change; null: not seen since the gateway started. */
  since: number | null;
  lastClose: { at: number; code: number; reason: string } | null;
  /** When the device has said that it will be back: Unix ms. */
  backAt: number | null;
}

/** Where and as whom the bridge connects. */
export interface BrokerOptions {
  url: string;
  protocolVersion: 4 | 5;
  clientId: string;
  username: string | null;
  password: string | null;
  tls: { ca: string | null; cert: string | null; key: string | null; serverName: string | null };
  keepaliveSeconds: number;
}
