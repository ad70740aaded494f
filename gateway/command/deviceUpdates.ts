import type { CommandUpdateFrame } from '../../schemas/frame/types.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { type CommandView, isFinal } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { Counters } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import type { Moves } from './moves.js';
import type { OpenCommands } from './openCommands.js';
import type { Saver } from './saver.js';
import type { Waiters } from './waiters.js';

/** What a device reports about one of its commands. */
export type CommandUpdate = Pick<CommandUpdateFrame, 'id' | 'state' | 'result' | 'error'>;

export interface DeviceUpdatesOptions {
  clock: Clock;
  counters: Counters;
  open: OpenCommands;
  saver: Saver;
  waiters: Waiters;
  moves: Moves;
  /** A command as it is on disk; null: there is none with this id. */
  readCommand(id: string): Promise<CommandView | null>;
  /** Sends the device its next commands. */
  dispatch(device: Device): void;
}

/** Updates about ended commands that are looked up on disk at a time. A device repeats an update that was dropped. */
const lateUpdatesMax = 1_000;

/** Takes in a device's update. Returns the fault if the device has no such command; only then has nothing happened. */
export type TakeUpdate = (device: Device, update: CommandUpdate) => Fault | null | Promise<Fault | null>;

export function createDeviceUpdates(options: DeviceUpdatesOptions): TakeUpdate {
  const { clock, counters, open, saver, waiters, moves, dispatch } = options;
  let lateUpdates = 0;

  /** After the end of a command an update is kept as an event in its history, and changes nothing else. */
  async function takeLate(device: Device, { id, state }: CommandUpdate): Promise<Fault | null> {
    if (lateUpdates >= lateUpdatesMax) return null;
    lateUpdates++;
    try {
      if (moves.isEnding(id)) await waiters.until(id);
      const known = await options.readCommand(id);
      if (known === null || known.deviceKey !== device.key || known.sentAt === null) return unknownCommand(id);
      counters.commandsLate++;
      // A device repeats its outcome after a reconnect: that is not new.
      if (known.history.some((event) => event.state === state)) return null;
      const cause = `late word of device ${device.id}`;
      await saver.add([{ type: 'command_event', id, state, at: clock.now(), cause }]);
      return null;
    } finally {
      lateUpdates--;
    }
  }

  return (device, update) => {
    const { id, state, result, error } = update;
    const command = open.get(id);
    if (command === undefined) return takeLate(device, update);
    if (command.deviceKey !== device.key || !command.sentBefore) return unknownCommand(id);
    const moved = moves.move(command, state, `device ${device.id}`, {
      ...(result === undefined || state === 'running' ? {} : { result }),
      ...(error === undefined ? {} : { error }),
    });
    if (state === 'running') command.progress = result ?? command.progress;
    if (moved && isFinal(command.state)) dispatch(device);
    return null;
  };
}

const unknownCommand = (id: string): Fault => ({
  code: 'command_unknown',
  message: `no command ${id} was sent to this device`,
});
