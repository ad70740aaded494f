import type { Model } from '../domain/model.js';

/** What crosses between the main thread and the bridge's: one typed map a direction, calls without answers. */
export interface ToBridge {
  /** Where the consumer's cursor is, and who is there; the first call. */
  start(position: number, devices: DeviceFacts[]): void;
  /** A device is new, or its presence or model has changed. */
  device(facts: DeviceFacts): void;
  deviceRemoved(id: string): void;
  /** An answer to a command, or to a message that was none. */
  answer(answer: CommandAnswer): void;
  /** What became of a message that came in: the broker may forget it. */
  taken(messageNumber: number): void;
  /** Says goodbye to the broker. */
  stop(): void;
}

export interface FromBridge {
  status(status: BridgeStatus): void;
  /** Everything up to here is acknowledged by the broker, or was given up. */
  moved(position: number): void;
  dropped(dropped: Dropped): void;
  connection(change: ConnectionChange): void;
  command(message: IncomingCommand): void;
  stopped(): void;
}

export interface CommandAnswer {
  /** Of the device as the topic has it. */
  device: string;
  /** The last part of its topic: the command's id, or `error`. */
  name: string;
  payload: string;
  /** Where the answer is to go as well. */
  reply: Reply | null;
}

/** MQTT 5: what a request says about its answers. */
export interface Reply {
  topic: string;
  correlation: Uint8Array | null;
}

export interface IncomingCommand {
  /** Answered with `taken`. */
  messageNumber: number;
  topic: string;
  payload: Uint8Array;
  retained: boolean;
  reply: Reply | null;
}

export interface ConnectionChange {
  connected: boolean;
  /** Why it ended or could not be made. */
  why: string | null;
  retryMs: number | null;
}

export interface Dropped {
  why: 'bytes' | 'age' | 'unsendable';
  frames: number;
  readings: number;
  bytes: number;
  /** Times of the first and last commit that was given up, Unix ms. */
  from: number;
  to: number;
}

/** Counts are since the thread started. */
export interface BridgeStatus {
  connected: boolean;
  /** Messages that the broker acknowledged, of telemetry and of all other kinds. */
  telemetryAcked: number;
  othersAcked: number;
  /** Answers to commands that were too many to wait. */
  answersLost: number;
  /** Sent again after a lost connection or a refusal. */
  resent: number;
  refused: number;
  inFlight: number;
  backlogRows: number;
  backlogBytes: number;
  /** Age of the oldest commit that is not bridged. */
  backlogMs: number;
  /** Beyond what may wait. */
  full: boolean;
}

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
  model: string | null;
  online: boolean;
  /** Unix ms of the last change; null: not seen since the gateway started. */
  since: number | null;
  lastClose: { at: number; code: number; reason: string } | null;
  /** When it said that it would be back. */
  backAt: number | null;
}

/** Where and as whom the bridge connects. Crosses to its thread. */
export interface BrokerOptions {
  url: string;
  protocolVersion: 4 | 5;
  clientId: string;
  username: string | null;
  password: string | null;
  tls: { ca: string | null; cert: string | null; key: string | null; serverName: string | null };
  keepaliveSeconds: number;
}
