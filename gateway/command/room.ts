import type { Device } from '../domain/device.js';
import { CommandError } from './errors.js';
import type { OpenCommands } from './openCommands.js';

export interface RoomOptions {
  open: Pick<OpenCommands, 'count' | 'countOf'>;
  /** Members of batches whose command is not made yet. */
  waitingInBatches(): number;
  /** Commands without an end per device. */
  perDeviceMax: number;
  /** Commands without an end of all devices together. */
  openMax: number;
}

/**
 * How many commands may be without an end. A command counts from its request on, not only once it is on disk: otherwise requests at
 * the same time would all find the same room.
 */
export interface Room {
  /** Takes room for a command of this device. Throws CommandError too_many_commands. */
  take(device: Device): void;
  /** Takes room for a command of a batch, which counts among all commands already. */
  takeForMember(device: Device): void;
  /** The command is open now, and counts as such; or it could not be stored. */
  give(device: Device): void;
  /** Throws CommandError too_many_commands if the device has as many open commands as it may. */
  check(device: Device): void;
  /** Throws CommandError too_many_commands if `count` more would be too many for all devices together. */
  checkForAll(count: number): void;
}

export function createRoom({ open, waitingInBatches, perDeviceMax, openMax }: RoomOptions): Room {
  /** Commands on their way to the disk, by device key. */
  const coming = new Map<number, number>();
  let allComing = 0;

  function check(device: Device): void {
    const mine = open.countOf(device.key) + (coming.get(device.key) ?? 0);
    if (mine >= perDeviceMax)
      throw new CommandError(
        'too_many_commands',
        `Device ${device.id} has ${mine} commands that have not ended; the limit is ${perDeviceMax}`,
      );
  }

  function checkForAll(count: number): void {
    const all = open.count() + allComing + waitingInBatches();
    if (all + count > openMax)
      throw new CommandError('too_many_commands', `${all} commands have not ended yet; the limit is ${openMax}`);
  }

  function takeForMember({ key }: Device): void {
    coming.set(key, (coming.get(key) ?? 0) + 1);
    allComing++;
  }

  return {
    take(device) {
      check(device);
      checkForAll(1);
      takeForMember(device);
    },
    takeForMember,
    give({ key }) {
      const left = (coming.get(key) ?? 0) - 1;
      if (left > 0) coming.set(key, left);
      else coming.delete(key);
      allComing--;
    },
    check,
    checkForAll,
  };
}
