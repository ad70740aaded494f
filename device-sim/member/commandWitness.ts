import type { CommandHandler } from '../../clients/js/core/command.js';
import type { Command, CommandState, CommandUpdate } from '../../clients/js/core/messages.js';

/** What happened to one command on its device. */
export interface WitnessedCommand {
  name: string;
  /** How often it came. */
  came: number;
  /** How often it was run. */
  runs: number;
  /** The states that the device reported, in order, each once. */
  said: CommandState[];
  /** Whether the action may run twice. */
  repeatable: boolean;
}

/**
 * A device's own record of its commands. It is apart from what the device remembers, so it keeps what the device forgets. The
 * verification compares the gateway's records with it.
 */
export interface CommandWitness {
  /** A command came. */
  came(command: Command): void;
  /** The device reported about a command. */
  said(update: CommandUpdate): void;
  /** The same handler, which notes each run before it begins. */
  noting(handler: CommandHandler): CommandHandler;
  /** Everything that was noted, by command id. */
  commands(): ReadonlyMap<string, WitnessedCommand>;
}

/** `log` gets each entry as a line, for a device whose process may be killed. */
export function createCommandWitness(log: (line: string) => void = () => {}): CommandWitness {
  const commands = new Map<string, WitnessedCommand>();

  function entryOf(id: string, name: string): WitnessedCommand {
    const known = commands.get(id);
    if (known !== undefined) return known;
    const fresh: WitnessedCommand = { name, came: 0, runs: 0, said: [], repeatable: false };
    commands.set(id, fresh);
    return fresh;
  }

  function came({ id, name }: Command): void {
    entryOf(id, name).came++;
    log(JSON.stringify({ id, name, event: 'came' }));
  }

  function ran({ id, name }: Command, repeatable: boolean): void {
    const entry = entryOf(id, name);
    entry.repeatable = repeatable;
    entry.runs++;
    log(JSON.stringify({ id, name, event: 'ran' }));
  }

  function said({ id, state }: CommandUpdate): void {
    const { name, said } = entryOf(id, '');
    if (!said.includes(state)) said.push(state);
    log(JSON.stringify({ id, name, event: state }));
  }

  return {
    came,
    said,
    noting: (handler) => ({
      ...handler,
      run(params, progress, command) {
        ran(command, handler.idempotent === true);
        return handler.run(params, progress, command);
      },
    }),
    commands: () => commands,
  };
}
