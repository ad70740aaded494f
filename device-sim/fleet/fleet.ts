/**
 * What a fleet file describes. fleet/ reads such a file and answers what follows from it and a seed: groups, phases, plans,
 * signals. It opens no socket.
 */
import type {
  CommandBehaviour,
  FleetCommands,
  FleetFault,
  FleetGroup,
  FleetPhase,
  SignalConfig,
} from '../../schemas/generated/config.js';

/** A fleet file with its defaults filled in. */
export interface Fleet {
  seed: number;
  rampSeconds: number;
  phases: FleetPhase[];
  faults: FleetFault[];
  commands: FleetCommands | null;
  require: string[];
  groups: Group[];
}

/** A group of devices that are alike. */
export interface Group extends Required<Omit<FleetGroup, 'model' | 'tags' | 'signals' | 'commands'>> {
  model: string | null;
  tags: Record<string, string>;
  signals: Record<string, SignalConfig>;
  commands: CommandBehaviour;
}

/** The fleet or the options cannot be run. For a fleet file the message lists all its faults. */
export class FleetError extends Error {
  readonly exitCode = 78;
}
