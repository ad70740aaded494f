import type { CommandUpdateState } from '../../schemas/frame/types.js';

export interface Command {
  id: string;
  name: string;
  params: Record<string, unknown>;
  /** By the gateway's clock; 0: no limit. */
  expiresAt: number;
  known: number;
}

export interface CommandUpdate {
  id: string;
  state: CommandUpdateState;
  result?: unknown;
  error?: CommandFault;
}

export interface CommandFault {
  code: string;
  message?: string;
}

/** Carries out a command; what `run` returns is the result, what it throws the error of `failed`. */
export interface CommandHandler {
  /** May be run again where the device does not remember having run it. */
  idempotent?: boolean;
  /** Why it is not run at all; it is then `rejected`. */
  refuse?(command: Command): CommandFault | null;
  /** `progress`, from 0 to 1, may be told any number of times (C-6). */
  run(params: Record<string, unknown>, progress: (share: number) => void, command: Command): unknown;
  /** After it succeeded, was written down and told; for what ends the link, such as a reboot. */
  after?(command: Command): void;
}

/** The handlers by name, or how one is found for any name. */
export type CommandHandlers = Record<string, CommandHandler> | ((name: string) => CommandHandler | undefined);
