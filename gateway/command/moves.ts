import assert from 'node:assert/strict';
import { type CommandChange, type CommandRecord, type CommandState, isFinal } from '../domain/command.js';
import type { RegistryChange } from '../domain/registryChange.js';
import { type Counters, countBy } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import { type CommandEvent, stateAfter } from './lifecycle.js';
import type { OpenCommand, OpenCommands } from './openCommands.js';
import type { Saver } from './saver.js';
import { redacted } from './secretPlaces.js';
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
   * Decides what an event does to a command, and stores it, together with the changes `also`. `cause` is shown in the command's
   * history. False if the event changes nothing.
   */
  move(
    command: OpenCommand,
    event: CommandEvent,
    cause: string,
    facts?: MoveFacts,
    also?: readonly RegistryChange[],
  ): boolean;
  /**
   * Lets a queued command give way to a newer one. The caller stores the change together with the newer command. Until it reports
   * how that went, the command is not sent, and whatever else happens to it waits.
   */
  yieldTo(command: OpenCommand, newer: string): Yielding;
  /** True while the end of a command is decided and on its way to the disk. */
  isEnding(id: string): boolean;
}

/** A command that gives way to a newer one as soon as that is on disk. */
export interface Yielding {
  change: CommandChange;
  /** The change is on disk. */
  stored(): void;
  /** The change could not be stored: the command is queued as before. */
  failed(): void;
}

type CommandMoved = Extract<CommandChange, { type: 'command_moved' }>;

/** What an event does to a command. */
interface Decision {
  change: CommandChange;
  /** From now on it counts in memory. */
  decide(): void;
  /** It is on disk. */
  stored(): void;
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

  function decisionOf(
    command: OpenCommand,
    event: CommandEvent,
    cause: string,
    facts: MoveFacts = {},
  ): Decision | null {
    const state = stateAfter(command.state, event);
    if (state === null) return null;
    const at = clock.now();
    const change: CommandMoved = { type: 'command_moved', id: command.id, state, at, cause, ...facts };
    if (isFinal(state)) {
      change.endedAt = at;
      if (command.secrets.length > 0) change.params = redacted(command.params, command.secrets);
    }
    function decide(): void {
      command.state = state as CommandState;
      Object.assign(command, facts);
      if (change.endedAt === undefined) return;
      command.endedAt = change.endedAt;
      command.params = change.params ?? command.params;
      open.leave(command);
      ending.add(command.id);
    }
    return { change, decide, stored: () => stored(command, state) };
  }

  const move: Moves['move'] = (command, event, cause, facts, also = []) => {
    const decision = decisionOf(command, event, cause, facts);
    if (decision === null) return false;
    if (command.yielding !== null) {
      command.yielding.otherwise ??= () => void move(command, event, cause, facts, also);
      return true;
    }
    decision.decide();
    // A device usually answers within milliseconds of `sent`. So a state that is not an end waits a moment for the next one,
    // and both are one transaction. Nobody sees a state before it is on disk, so the wait changes nothing but the time.
    const when = isFinal(command.state) ? 'now' : 'soon';
    void saver.add([decision.change, ...also], when).then(decision.stored);
    return true;
  };

  return {
    move,

    yieldTo(command, newer) {
      const decision = decisionOf(command, 'supersede', `superseded by ${newer}`);
      assert(
        decision !== null && command.yielding === null,
        'only a queued command gives way, and only to one at a time',
      );
      const yielding: OpenCommand['yielding'] = { otherwise: null };
      command.yielding = yielding;
      return {
        change: decision.change,
        stored() {
          decision.decide();
          decision.stored();
        },
        failed() {
          command.yielding = null;
          yielding.otherwise?.();
        },
      };
    },

    isEnding: (id) => ending.has(id),
  };
}
