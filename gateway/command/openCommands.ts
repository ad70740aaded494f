import type { CommandRecord, CommandState } from '../domain/command.js';
import { countBy } from '../observe/counters.js';

/** Where a device can be reached. */
export interface CommandLink {
  readonly address: string;
  /** Bytes of name and parameters that the device takes. */
  readonly maxCommandBytes: number;
  /** False where the socket did not take it. */
  sendCommand(command: OutgoingCommand): boolean;
}

export interface OutgoingCommand {
  id: string;
  name: string;
  params: Record<string, unknown>;
  expiresAt: number;
  ttlMs: number;
  known: 0 | 1 | 2 | 255;
}

/** A command without an end. `state` is decided; `shown` is on disk. */
export interface OpenCommand extends CommandRecord {
  shown: CommandState;
  /** The link that it was sent on. */
  link: CommandLink | null;
  /** Sent to the device at some time, for all that is known. */
  sentBefore: boolean;
  /** `attempted` is on its way to the disk. */
  noting: boolean;
  progress: unknown;
}

export type OpenCommands = ReturnType<typeof createOpenCommands>;

/** Commands without an end, by id, and by device in order of creation. */
export function createOpenCommands() {
  const byId = new Map<string, OpenCommand>();
  const byDevice = new Map<number, OpenCommand[]>();

  return {
    enter(record: CommandRecord): OpenCommand {
      const command: OpenCommand = {
        ...record,
        shown: record.state,
        link: null,
        sentBefore: false,
        noting: false,
        progress: null,
      };
      byId.set(command.id, command);
      const queue = byDevice.get(command.deviceKey);
      if (queue === undefined) byDevice.set(command.deviceKey, [command]);
      else queue.push(command);
      return command;
    },

    leave({ id, deviceKey }: OpenCommand): void {
      byId.delete(id);
      const queue = byDevice.get(deviceKey);
      if (queue === undefined) return;
      const at = queue.findIndex((one) => one.id === id);
      if (at >= 0) queue.splice(at, 1);
      if (queue.length === 0) byDevice.delete(deviceKey);
    },

    get: (id: string): OpenCommand | undefined => byId.get(id),
    has: (id: string): boolean => byId.has(id),
    /** The list does not follow what happens later. */
    ofDevice: (deviceKey: number): OpenCommand[] => [...(byDevice.get(deviceKey) ?? [])],
    countOf: (deviceKey: number): number => byDevice.get(deviceKey)?.length ?? 0,
    all: (): OpenCommand[] => [...byId.values()],
    count: (): number => byId.size,
    byState(): Record<string, number> {
      const counts: Record<string, number> = { queued: 0, sent: 0, received: 0, running: 0 };
      for (const { shown } of byId.values()) countBy(counts, shown);
      return counts;
    },
  };
}
