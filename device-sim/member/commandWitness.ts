import type { CommandUpdateState } from '../../schemas/frame/types.js';
import type { Command, CommandHandler, CommandUpdate } from '../device/command.js';

/** What a device saw and did of one command. */
export interface WitnessedCommand {
  name: string;
  /** How often it came. */
  came: number;
  /** How often it was run. */
  runs: number;
  /** The device's words in order, each state once. */
  said: CommandUpdateState[];
  /** Running it twice does no harm. */
  repeatable: boolean;
}

export type CommandWitness = ReturnType<typeof createCommandWitness>;

/**
 * A device's own log of commands, apart from what it remembers of them: it outlives what its device forgets, and is what the
 * gateway's records are set against. `log` gets each entry as a line, for a device whose process may be killed.
 */
export function createCommandWitness(log: (line: string) => void = () => {}) {
  const commands = new Map<string, WitnessedCommand>();

  function of(id: string, name: string): WitnessedCommand {
    const known = commands.get(id);
    if (known !== undefined) return known;
    const fresh: WitnessedCommand = { name, came: 0, runs: 0, said: [], repeatable: false };
    commands.set(id, fresh);
    return fresh;
  }

  function came({ id, name }: Command): void {
    of(id, name).came++;
    log(JSON.stringify({ id, name, event: 'came' }));
  }

  function ran({ id, name }: Command, repeatable: boolean): void {
    Object.assign(of(id, name), { repeatable }).runs++;
    log(JSON.stringify({ id, name, event: 'ran' }));
  }

  function said({ id, state }: CommandUpdate): void {
    const { name, said } = of(id, '');
    if (!said.includes(state)) said.push(state);
    log(JSON.stringify({ id, name, event: state }));
  }

  return {
    came,
    ran,
    said,
    /** The handler, with each run noted before it begins. */
    noting: (handler: CommandHandler): CommandHandler => ({
      ...handler,
      run(params, progress, command) {
        ran(command, handler.idempotent === true);
        return handler.run(params, progress, command);
      },
    }),
    commands: (): ReadonlyMap<string, WitnessedCommand> => commands,
  };
}
