import type { Command, CommandError } from './messages.js';

/** Carries out one kind of command. */
export interface CommandHandler {
  /** The action may run again if the device does not remember whether it ran. */
  idempotent?: boolean;
  /** Why this command is not to run: it is then `rejected` with this error. Null lets it run. */
  refuse?(command: Command): CommandError | null;
  /**
   * Runs the action. What it returns or resolves with is the result; what it throws becomes the error of `failed`. `progress`
   * reports a share from 0 to 1, any number of times (C-6).
   */
  run(params: Record<string, unknown>, progress: (share: number) => void, command: Command): unknown;
  /** Called after the action succeeded and its outcome was saved and reported: for what ends the link, such as a reboot. */
  after?(command: Command): void;
}

/** The handlers by the name of their command, or a function that finds one. */
export type CommandHandlers = Record<string, CommandHandler> | ((name: string) => CommandHandler | undefined);

/** A handler throws it to choose the error's code. Any other error has the code `error`. */
export class CommandFailure extends Error {
  constructor(
    readonly code: string,
    message = code,
  ) {
    super(message);
  }
}

/** What a device remembers of one command (C-3). */
export interface RememberedCommand {
  id: string;
  /** The final report. Null: the command began, and its end is unknown. */
  outcome: Outcome | null;
}

/** The final report about a command. */
export interface Outcome {
  id: string;
  state: 'succeeded' | 'failed' | 'rejected';
  result?: unknown;
  error?: CommandError;
}

/** Where a device remembers its commands (C-3, C-8). */
export interface CommandMemory {
  /** What was remembered, the oldest first. Called once, before anything is kept. */
  load(): RememberedCommand[];
  /**
   * Remembers an entry, in place of an earlier one of the same id. It must survive a power cut when this returns or resolves.
   * Throws or rejects if it cannot be saved. Ids in `forgotten` are no longer needed.
   */
  keep(entry: RememberedCommand, forgotten: readonly string[]): void | Promise<void>;
}

/** For a device that may forget its commands when its program ends. */
export const noMemory: CommandMemory = { load: () => [], keep: () => {} };
