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
  /** One metric number of the table per column. */
  metrics: number[];
  /** Per row the offset in ms, then one value or null per column. */
  rows: (number | null)[][];
}

/** The states that a device may report, in the order of their numbers in a frame, from 1. */
export const commandUpdateStates = ['received', 'running', 'succeeded', 'failed', 'rejected'] as const;
/** One of `commandUpdateStates`. */
export type CommandUpdateState = (typeof commandUpdateStates)[number];

/** A command update (0x02). `failed` and `rejected` have an error, the other states a result, if any. */
export interface CommandUpdateFrame {
  type: 'command_update';
  /** The UUID of the command in its text form (RFC 9562 section 4). */
  id: string;
  state: CommandUpdateState;
  result?: unknown;
  error?: unknown;
}

/** A time request (0x03). `echo` is a u32 of the device's choice. */
export interface TimeRequestFrame {
  type: 'time';
  echo: number;
}

/** A frame that a device may send. */
export type UpFrame = TelemetryFrame | CommandUpdateFrame | TimeRequestFrame;

/** A decoded frame, or why it was refused. `seq` is that of the refused frame if it can be read, else 0. */
export type Decoded<T> = { ok: true; frame: T } | { ok: false; seq: number; fault: Fault };

/** A welcome (0x81). `window` counts frames, `serverTime` is in Unix ms. */
export interface WelcomeFrame {
  type: 'welcome';
  window: number;
  lastSeq: number;
  serverTime: number;
  maxFrameBytes: number;
  keepaliveSeconds: number;
}

/** An ack (0x82) of every frame up to `seq`. */
export interface AckFrame {
  type: 'ack';
  seq: number;
  /** The new window, or 0 if it stays as it is. */
  window: number;
}

/** A nack (0x83). `seq` is 0 if the refused frame had none that could be read; `detail` is for people. */
export interface NackFrame {
  type: 'nack';
  seq: number;
  /** A code of faults.ts, or `fault_N` for a number N of a later version. */
  code: FaultCode | `fault_${number}`;
  detail: string;
}

/** A command (0x84). `expiresAt` is in Unix ms. */
export interface CommandFrame {
  type: 'command';
  id: string;
  name: string;
  params: unknown;
  /** The remaining time to live in ms when the command was sent. 0 means no limit. */
  ttlMs: number;
  expiresAt: number;
  /** The last state that the gateway knows: 0 never sent before, 1 received, 2 running, 255 sent but not answered. */
  known: number;
}

/** A time answer (0x85). `serverTime` is the gateway's clock in Unix ms. */
export interface TimeAnswerFrame {
  type: 'time';
  echo: number;
  serverTime: number;
}

/** A frame that the gateway may send. */
export type DownFrame = WelcomeFrame | AckFrame | NackFrame | CommandFrame | TimeAnswerFrame;
