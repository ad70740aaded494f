import type { CommandRecord, CommandState } from '../domain/command.js';
import { countBy } from '../observe/counters.js';

/** Where a device can be reached. */
export interface CommandLink {
  readonly address: string;
  /** Bytes of name and parameters that the device takes. */
  readonly maxCommandBytes: number;
  /** False if the socket did not take it. */
  sendCommand(command: OutgoingCommand): boolean;
}

/** A command as it goes to a device. */
export interface OutgoingCommand {
  id: string;
  name: string;
  params: Record<string, unknown>;
  /** Unix ms. */
  expiresAt: number;
  /** What is left of its time to live, at least 1: for a device without a clock. */
  ttlMs: number;
  /** What the gateway knows of an earlier delivery: see knownOf. */
  known: 0 | 1 | 2 | 255;
}

/** A command without an end. Its `state` is what is decided, which may still be on its way to the disk. */
export interface OpenCommand extends CommandRecord {
  /** The state on disk, which is the one that operators see. */
  storedState: CommandState;
  /** The link that it was last sent on. */
  link: CommandLink | null;
  /** True if the device may have it: it was sent, or a restart cannot rule that out. */
  sentBefore: boolean;
  /** True while `attempted` is on its way to the disk. */
  noting: boolean;
  /**
   * A newer command that supersedes this one is on its way to the disk; null: there is none. It is not sent meanwhile. `otherwise` is what
   * happened to it since, and counts if the newer command cannot be stored.
   */
  yielding: { otherwise: (() => void) | null } | null;
  /** What the device reported last while it runs the command. It is not stored. */
  progress: unknown;
}

/** Commands without an end, by id, and by device in order of creation. */
export interface OpenCommands {
  enter(record: CommandRecord): OpenCommand;
  /** The command has an end. */
  leave(command: OpenCommand): void;
  get(id: string): OpenCommand | undefined;
  has(id: string): boolean;
  /** A copy: it does not change with the commands. */
  ofDevice(deviceKey: number): OpenCommand[];
  countOf(deviceKey: number): number;
  /** A copy: it does not change with the commands. */
  all(): OpenCommand[];
  count(): number;
  /** How many are in each open state, as stored. */
  byState(): Record<string, number>;
}

export function createOpenCommands(): OpenCommands {
  const byId = new Map<string, OpenCommand>();
  const byDevice = new Map<number, OpenCommand[]>();

  return {
    enter(record) {
      const command: OpenCommand = {
        ...record,
        storedState: record.state,
        link: null,
        sentBefore: false,
        noting: false,
        yielding: null,
        progress: null,
      };
      byId.set(command.id, command);
      const queue = byDevice.get(command.deviceKey);
      if (queue === undefined) byDevice.set(command.deviceKey, [command]);
      else queue.push(command);
      return command;
    },

    leave({ id, deviceKey }) {
      byId.delete(id);
      const queue = byDevice.get(deviceKey);
      if (queue === undefined) return;
      const at = queue.findIndex((command) => command.id === id);
      if (at >= 0) queue.splice(at, 1);
      if (queue.length === 0) byDevice.delete(deviceKey);
    },

    get: (id) => byId.get(id),
    has: (id) => byId.has(id),
    ofDevice: (deviceKey) => [...(byDevice.get(deviceKey) ?? [])],
    countOf: (deviceKey) => byDevice.get(deviceKey)?.length ?? 0,
    all: () => [...byId.values()],
    count: () => byId.size,
    byState() {
      const counts: Record<string, number> = { queued: 0, sent: 0, received: 0, running: 0 };
      for (const { storedState } of byId.values()) countBy(counts, storedState);
      return counts;
    },
  };
}
