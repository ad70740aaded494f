/** What the contract fixes (schemas/PROTOCOL.md), as far as a device needs it. A test compares it with the gateway's tables. */

export type Encoding = 'json' | 'binary';

export const seqMax = 0xffff_ffff;
/** A number further above the gateway's mark is refused (N-7). */
export const seqJumpMax = 2 ** 24;
/** From an attempt's begin to its welcome. */
export const welcomeMs = 30_000;
export const deviceSilenceMs = 75_000;
export const ackOverdueMs = 30_000;
export const keepaliveMs = 25_000;
/** Ids of commands kept; the contract asks for 8. */
export const commandsKept = 32;
export const metricsPerTableMax = 1_024;
/** A table's columns in a binary frame. */
export const columnsMax = 255;

/** The code for the number in a binary nack. */
const faultCodes = [
  'frame_malformed',
  'frame_length',
  'version_unsupported',
  'type_unknown',
  'metric_unknown',
  'value_invalid',
  'value_out_of_range',
  'time_in_future',
  'time_too_old',
  'too_many_series',
  'frame_too_large',
  'seq_invalid',
  'json_invalid',
  'schema_invalid',
  'command_unknown',
  'command_state_invalid',
];

/** `fault_N` for a number of a later version. */
export const faultCodeOf = (number: number): string => faultCodes[number - 1] ?? `fault_${number}`;

export type CommandState = 'received' | 'running' | 'succeeded' | 'failed' | 'rejected';
export const commandStates: readonly CommandState[] = ['received', 'running', 'succeeded', 'failed', 'rejected'];

export interface Command {
  type: 'command';
  id: string;
  name: string;
  params: Record<string, unknown>;
  /** Unix ms by the gateway's clock. */
  expiresAt: number;
  /** What the gateway last heard of it: 0 never sent before, 1 received, 2 running, 255 sent but unconfirmed. */
  known: number;
}

export interface CommandUpdate {
  type: 'command_update';
  id: string;
  state: CommandState;
  result?: unknown;
  error?: { code: string; message?: string };
}

/** What the gateway says, alike in both encodings; what a device does not know is not among it. */
export type DownMessage =
  | { type: 'welcome'; lastSeq: number; window: number; serverTime: number; keepaliveSeconds: number }
  | { type: 'ack'; seq: number; window: number }
  | { type: 'nack'; seq: number; code: string; message: string }
  | { type: 'time'; echo: number; serverTime: number }
  | Command;

export interface Metric {
  name: string;
  /** A SenML code (RFC 8428). */
  unit?: string;
  /** The gateway multiplies the values of binary frames by it. */
  scale?: number;
}

/** What one metric table holds; without a number it is of each link alone. */
export interface MetricTable {
  table?: number;
  metrics: readonly Metric[];
}

export type Values = Record<string, number | string | boolean | null>;
