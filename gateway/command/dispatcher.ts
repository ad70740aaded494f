import type { CommandRecord } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { Counters } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import { knownOf } from './lifecycle.js';
import type { CommandLink, OpenCommand, OpenCommands } from './openCommands.js';
import { commandBytes } from './rules.js';
import type { Saver } from './saver.js';

/** Bounds how many commands of a batch are under way. A command that is attempted and has no end takes one place. */
export interface BatchGate {
  /** False if there is no such batch, or it has ended and none of its commands is under way. */
  exists(batch: string): boolean;
  /** True while the batch runs. */
  runs(batch: string): boolean;
  /** Takes a place for a command of this device. If it returns false, the device is dispatched again when there is a place. */
  take(batch: string, deviceKey: number): boolean;
  /** Has this device dispatched when the batch runs again, because it was stopped before a command could be sent. */
  hold(batch: string, deviceKey: number): void;
  /** Returns a place, which may send a command of another device. */
  give(batch: string): void;
}

export interface DispatcherOptions {
  clock: Clock;
  counters: Counters;
  open: OpenCommands;
  saver: Saver;
  gate: BatchGate;
  /** Commands a device may have in flight. */
  inFlightMax: number;
  linkOf(device: Device): CommandLink | undefined;
  /** The socket took the command, for the first time or again. */
  sent(command: OpenCommand, link: CommandLink): void;
}

/**
 * Sends commands to devices: in order of creation, `inFlightMax` at a time, and again after each reconnect. That a command will be
 * sent (`attempted`) is on disk before it is sent, so a restart never reports a command as not sent that the device may be running.
 */
export interface Dispatcher {
  /** Sends what may be sent: first the commands that the device had on an earlier link, then the next in order. */
  dispatch(device: Device): void;
  /** Goes on with a command whose `attempted` is on disk. If it was not sent after all, its record is corrected. */
  dispatchNoted(device: Device, command: OpenCommand): void;
  /**
   * Asks whether a new command can be sent as soon as it is stored: the device is connected and has room. True reserves the room,
   * and the command's first record says `attempted`, which saves a second transaction.
   */
  claim(device: Device, batch: string | null): boolean;
  /** Ends the claim of a record, if it has one: the record is on disk, or, if it was not `stored`, never will be. */
  unclaim(record: CommandRecord, stored: boolean): void;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { clock, counters, open, saver, gate, inFlightMax, linkOf } = options;
  /** How many commands per device are claimed: on their way to the disk, to be sent at once after that. */
  const claims = new Map<number, number>();

  function dispatch(device: Device): void {
    const link = linkOf(device);
    if (link === undefined) return;
    let inFlight = 0;
    for (const command of open.ofDevice(device.key)) {
      if (inFlight >= inFlightMax) return;
      if (command.link !== link) {
        if (command.state === 'queued' && (command.expiresAt <= clock.now() || command.yielding !== null)) continue;
        // The device may say in its hello that it takes larger commands.
        if (commandBytes(command) > link.maxCommandBytes) return;
        // A command that its batch holds back does not hold back the ones behind it.
        if (!mayGo(command)) continue;
        if (!command.attempted) note(device, command);
        else if (!command.noting && !send(link, command)) return;
      }
      inFlight++;
    }
  }

  function mayGo({ batch, state, attempted, deviceKey }: OpenCommand): boolean {
    if (batch === null || state !== 'queued') return true;
    return attempted ? gate.runs(batch) : gate.take(batch, deviceKey);
  }

  function note(device: Device, command: OpenCommand): void {
    command.attempted = true;
    command.noting = true;
    void saver.add([{ type: 'command_attempted', id: command.id, attempted: true }]).then(() => {
      command.noting = false;
      dispatchNoted(device, command);
    });
  }

  function dispatchNoted(device: Device, command: OpenCommand): void {
    dispatch(device);
    if (command.state !== 'queued' || !command.attempted || command.noting) return;
    command.attempted = false;
    void saver.add([{ type: 'command_attempted', id: command.id, attempted: false }]);
    if (command.batch === null) return;
    if (!gate.runs(command.batch)) gate.hold(command.batch, device.key);
    gate.give(command.batch);
  }

  function send(link: CommandLink, command: OpenCommand): boolean {
    const { id, name, params, expiresAt } = command;
    const known = knownOf(command.state, command.sentBefore);
    const ttlMs = Math.max(1, expiresAt - clock.now());
    if (!link.sendCommand({ id, name, params, expiresAt, ttlMs, known })) return false;
    command.link = link;
    command.sentBefore = true;
    if (known !== 0) counters.commandsResent++;
    options.sent(command, link);
    return true;
  }

  return {
    dispatch,
    dispatchNoted,

    claim(device, batch) {
      const claimed = claims.get(device.key) ?? 0;
      if (linkOf(device) === undefined || open.countOf(device.key) + claimed >= inFlightMax) return false;
      if (batch !== null && !gate.take(batch, device.key)) return false;
      claims.set(device.key, claimed + 1);
      return true;
    },

    unclaim({ deviceKey, attempted, batch }, stored) {
      if (!attempted) return;
      if (!stored && batch !== null) gate.give(batch);
      const left = (claims.get(deviceKey) ?? 0) - 1;
      if (left > 0) claims.set(deviceKey, left);
      else claims.delete(deviceKey);
    },
  };
}
