import type { CommandRecord, OpenBatch } from '../domain/command.js';
import type { Model } from '../domain/model.js';
import { type Batches, createBatches } from './batches.js';
import { type Commands, type CommandsOptions, createCommands } from './commands.js';
import { type CommandRules, createCommandRules } from './rules.js';

export interface CommandingOptions extends Omit<CommandsOptions, 'rules' | 'gate' | 'restored' | 'waitingInBatches'> {
  /** By name; the map is the same for the life of the gateway, a reload changes its content. */
  models: ReadonlyMap<string, Model>;
  /** Commands and batches that had no end when the gateway stopped. */
  restored: { commands: CommandRecord[]; batches: OpenBatch[] };
}

/** All parts of commanding that the rest of the gateway uses. */
export interface Commanding {
  commands: Commands;
  batches: Batches;
  redact: CommandRules['redact'];
  /** Replaces the models. Commands under way keep the rules that they were checked by. */
  configure(models: ReadonlyMap<string, Model>): void;
}

/** Rules, commands and batches together: a batch holds its commands back, and each command's state moves its batch. */
export function createCommanding({ models, restored, ...options }: CommandingOptions): Commanding {
  const rules = createCommandRules(models);
  const batches = createBatches({
    clock: options.clock,
    commands: () => commands,
    restored: restored.batches,
    openCommands: restored.commands,
    deviceByKey: options.deviceOf,
    rules,
    save: options.save,
    schedule: options.schedule,
  });
  const commands = createCommands({
    ...options,
    rules,
    restored: restored.commands,
    gate: batches.gate,
    waitingInBatches: batches.waitingCount,
    moved(command) {
      batches.moved(command);
      options.moved(command);
    },
  });
  return { commands, batches, redact: rules.redact, configure: rules.configure };
}
