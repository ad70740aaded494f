import type { ModelConfig } from '../schemas/generated/config.js';

/** What several stages speak of. Stages do not import each other; they share these. */

export type Scalar = number | string | boolean;

export interface Credential {
  cid: string;
  /** SHA-256 of the secret. */
  hash: Uint8Array;
  createdAt: number;
  /** Unix ms from which it is no longer accepted, or null. */
  notAfter: number | null;
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

export interface Presence {
  online: boolean;
  /** Unix ms of the last change; null: not seen since the gateway started. */
  since: number | null;
  /** Of the present link, or the last one. */
  address: string | null;
  subprotocol: string | null;
  stream: string | null;
  agent: string | null;
  firmware: string | null;
  /** Why the last link ended; null where none ended since the start. */
  lastClose: { at: number; code: number; reason: string } | null;
  /** Announced by the device when it closed with {"backInMs":n}: Unix ms. */
  backAt: number | null;
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
