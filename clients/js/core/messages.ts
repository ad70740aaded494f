import { type commandStates, faultCodes } from './contract.js';

/** What the gateway sends on a link. The device may send both kinds of messages on any link (H-6). */
export type Encoding = 'json' | 'binary';

/** What a device reports about a command (PROTOCOL.md section 8). The last three are final. */
export type CommandState = (typeof commandStates)[number];

/** A command as the gateway sent it. */
export interface Command {
  id: string;
  name: string;
  params: Record<string, unknown>;
  /** Unix ms by the gateway's clock; 0 if the command never expires. */
  expiresAt: number;
  /** What the gateway last heard about it: 0 never sent before, 1 received, 2 running, 255 sent and not confirmed. */
  known: number;
}

/** What a device reports about a command. */
export interface CommandUpdate {
  id: string;
  state: CommandState;
  /** Any JSON value. With `running`: `{ progress: 0.4 }` (C-6). */
  result?: unknown;
  /** With `failed` and `rejected` (C-14). */
  error?: CommandError;
}

/** Why a command failed or was rejected. */
export interface CommandError {
  code: string;
  message?: string;
}

/** What the gateway may send, the same for both encodings. Messages of an unknown type are not part of it (J-1). */
export type DownMessage =
  | { type: 'welcome'; lastSeq: number; window: number; serverTime: number; keepaliveSeconds: number }
  | { type: 'ack'; seq: number; window?: number }
  | { type: 'nack'; seq: number; code: string; message: string }
  | { type: 'time'; echo: number; serverTime: number }
  | (Command & { type: 'command' });

/** The code for the number in a binary nack; `fault_N` for a number of a later version of the protocol. */
export const faultCodeOf = (number: number): string => faultCodes[number - 1] ?? `fault_${number}`;
