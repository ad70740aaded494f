import type { ModelConfig } from '../../schemas/generated/config.js';

/** What several stages speak of. Stages do not import each other; they share these. */

export type Scalar = number | string | boolean;

export interface Credential {
  cid: string;
  /** SHA-256 of the secret. */
  hash: Uint8Array;
  createdAt: number;
  /** Unix ms from which it is accepted; null: from the beginning. */
  notBefore: number | null;
  /** Unix ms from which it is no longer accepted, or null. */
  notAfter: number | null;
  /** When a link was last opened with it; stored some time later. */
  lastUsedAt: number | null;
}

/** A device as the registry knows it. `key` is never given again, so a removed id's next owner is another device. */
export interface Device {
  key: number;
  id: string;
  model: string | null;
  tags: Record<string, string>;
  state: 'active' | 'disabled';
  createdAt: number;
  attributes: Record<string, Scalar>;
  credentials: Credential[];
}

/** A metric of one device, made by its first reading, whose kind it keeps. */
export interface Series {
  id: number;
  deviceKey: number;
  metric: string;
  unit: string | null;
  kind: SeriesKind;
}

/** The kind byte of a series, as stored. */
export const seriesKinds = { number: 0, string: 1, boolean: 2 } as const;
export type SeriesKind = (typeof seriesKinds)[keyof typeof seriesKinds];

export interface Reading {
  metric: string;
  /** Unix ms. */
  ts: number;
  value: Scalar;
}

export interface LatestValue {
  ts: number;
  value: Scalar;
  unit: string | null;
}

/** How a link ended, who ended it, and why. */
export interface LastClose {
  /** Unix ms. */
  at: number;
  /** 1006 where there was no close frame. */
  code: number;
  /** Of a close by the gateway; null: the device closed it. */
  name: string | null;
  by: 'device' | 'gateway' | 'network';
  reason: string;
}

/** What is stored of a device's presence. Address to firmware are of the present link, or the last one. */
export interface PresenceRecord {
  deviceKey: number;
  online: boolean;
  /** Unix ms of the last change; null: not seen yet. */
  since: number | null;
  address: string | null;
  subprotocol: string | null;
  stream: string | null;
  agent: string | null;
  firmware: string | null;
  /** Links after the first one. */
  reconnects: number;
  /** Null where none ended yet. */
  lastClose: LastClose | null;
  /** Announced by the device when it closed with {"backInMs":n}: Unix ms. */
  backAt: number | null;
}

export interface Presence extends Omit<PresenceRecord, 'deviceKey'> {
  /** late: online, and quiet for longer than expected. asleep: backAt is to come. */
  state: 'never' | 'online' | 'late' | 'asleep' | 'offline';
  lastFrameAt: number | null;
  expectedEveryMs: number | null;
  /** Of the last ping on the present link. */
  roundTripMs: number | null;
  flapping: boolean;
}

/** Refused attempts to connect that are alike: same address, same id offered, same answer. */
export interface Attempt {
  /** The id that was offered, proven or not; null: none that can be read. */
  device: string | null;
  /** There is a device of this id. */
  known: boolean;
  address: string;
  code: string;
  /** In words, for operators only: it may say more than the answer did. */
  reason: string;
  count: number;
  /** Unix ms. */
  firstAt: number;
  lastAt: number;
  /** The User-Agent header. */
  agent: string | null;
}

export interface RejectedFrame {
  rid: string;
  receivedAt: number;
  seq: number;
  code: string;
  path: string | null;
  message: string;
  encoding: 'json' | 'binary';
  bytes: Uint8Array;
  stream: string;
}

/** A device model: the file of that name in the models folder. */
export interface Model extends ModelConfig {
  name: string;
}
