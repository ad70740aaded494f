import type {
  CommandBehaviour,
  FleetCommands,
  FleetFault,
  FleetGroup,
  FleetPhase,
  SignalConfig,
} from '../../schemas/generated/config.js';

/** A fleet file with every default in place. */
export interface Fleet {
  seed: number;
  rampSeconds: number;
  phases: FleetPhase[];
  faults: FleetFault[];
  commands: FleetCommands | null;
  require: string[];
  groups: Group[];
}

export interface Group extends Required<Omit<FleetGroup, 'model' | 'tags' | 'signals' | 'commands'>> {
  model: string | null;
  tags: Record<string, string>;
  signals: Record<string, SignalConfig>;
  commands: CommandBehaviour;
}

/** What was asked for cannot be run; where it is a fleet file, with all its faults. */
export class FleetError extends Error {
  readonly exitCode = 78;
}
