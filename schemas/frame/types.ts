import type { Fault, FaultCode } from '../tables/faults.js';
import type { ValueKind } from './layout.js';

/** A telemetry frame as values: a table whose columns are metrics and whose rows are samples. */
export interface TelemetryFrame {
  type: 'telemetry';
  kind: ValueKind;
  seq: number;
  /** Unix ms, or at most 0: an age in ms (the last row is that old at receipt). */
  base: number;
  table: number;
  /** Metric numbers within the table, one a column. */
  metrics: number[];
  /** [offset in ms, one value or null a column] */
  rows: (number | null)[][];
}

export const commandUpdateStates = ['received', 'running', 'succeeded', 'failed', 'rejected'] as const;
export type CommandUpdateState = (typeof commandUpdateStates)[number];

export interface CommandUpdateFrame {
  type: 'command_update';
  /** A UUID in its text form. */
  id: string;
  state: CommandUpdateState;
  result?: unknown;
  error?: unknown;
}

export interface TimeRequestFrame {
  type: 'time';
  echo: number;
}

/** What a device may send. */
export type UpFrame = TelemetryFrame | CommandUpdateFrame | TimeRequestFrame;

/** `seq` is that of the refused frame where it can be read, else 0. */
export type Decoded<T> = { ok: true; frame: T } | { ok: false; seq: number; fault: Fault };

export interface WelcomeFrame {
  type: 'welcome';
  window: number;
  lastSeq: number;
  serverTime: number;
  maxFrameBytes: number;
  keepaliveSeconds: number;
}
export interface AckFrame {
  type: 'ack';
  seq: number;
  /** The new window, or 0: unchanged. */
  window: number;
}
export interface NackFrame {
  type: 'nack';
  seq: number;
  /** A code of faults.ts, or `fault_N` where N is a number of a later version. */
  code: FaultCode | `fault_${number}`;
  detail: string;
}
export interface CommandFrame {
  type: 'command';
  id: string;
  name: string;
  params: unknown;
  /** Time left at sending; 0: no limit. */
  ttlMs: number;
  expiresAt: number;
  /** What the gateway last heard of it: 0 never sent before, 1 received, 2 running, 255 sent but unconfirmed. */
  known: number;
}
export interface TimeAnswerFrame {
  type: 'time';
  echo: number;
  serverTime: number;
}

/** What the gateway may send. */
export type DownFrame = WelcomeFrame | AckFrame | NackFrame | CommandFrame | TimeAnswerFrame;
