import { type CommandChange, type CommandRecord, type CommandState, isFinal } from '../domain/command.js';
import { type Counters, countBy } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import { type CommandEvent, stateAfter } from './lifecycle.js';
import type { OpenCommand, OpenCommands } from './openCommands.js';
import { redacted } from './rules.js';
import type { Saver } from './saver.js';
import type { CommandTimings } from './timings.js';
import type { Waiters } from './waiters.js';

/** What an event brings with it beside the new state. */
export interface MoveFacts {
  result?: unknown;
  error?: unknown;
  /** Unix ms. */
  sentAt?: number;
}

/** The one place where the state of a command changes. */
export interface Moves {
  /**
   * Decides what an event does to a command, and stores it. `cause` is shown in the command's history. False if the event changes
   * nothing.
   */
  move(command: OpenCommand, event: CommandEvent, cause: string, facts?: MoveFacts): boolean;
  /** True while the end of a command is decided and on its way to the disk. */
  isEnding(id: string): boolean;
}

export interface MovesOptions {
  clock: Clock;
  counters: Counters;
  open: OpenCommands;
  saver: Saver;
  waiters: Waiters;
  timings: CommandTimings;
  /** A state is on disk. The record comes without its parameters. */
  moved(command: CommandRecord): void;
}

export function createMoves({ clock, counters, open, saver, waiters, timings, moved }: MovesOptions): Moves {
  const ending = new Set<string>();

  /** The state is on disk, so everyone who waits for it may see it. */
  function stored(command: OpenCommand, state: CommandState): void {
    command.storedState = state;
    countBy(counters.commandsMoved, state);
    timings.record(state, clock.now() - command.createdAt);
    moved({ ...command, state, params: {} });
    if (!isFinal(state)) return;
    ending.delete(command.id);
    waiters.wake(command);
  }

  return {
    move(command, event, cause, facts = {}) {
      const state = stateAfter(command.state, event);
      if (state === null) return false;
      const at = clock.now();
      const change: CommandChange = { type: 'command_moved', id: command.id, state, at, cause, ...facts };
      command.state = state;
      Object.assign(command, facts);
      if (isFinal(state)) {
        command.endedAt = change.endedAt = at;
        if (command.secrets.length > 0) command.params = change.params = redacted(command.params, command.secrets);
        open.leave(command);
        ending.add(command.id);
      }
      // A device usually answers within milliseconds of `sent`. So a state that is not an end waits a moment for the next one,
      // and both are one transaction. Nobody sees a state before it is on disk, so the wait changes nothing but the time.
      void saver.add(change, isFinal(state) ? 'now' : 'soon').then(() => stored(command, state));
      return true;
    },

    isEnding: (id) => ending.has(id),
  };
}
