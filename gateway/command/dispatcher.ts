import type { CommandRecord } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { Counters } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import { knownOf } from './lifecycle.js';
import type { CommandLink, OpenCommand, OpenCommands } from './openCommands.js';
import { commandBytes } from './rules.js';
import type { Saver } from './saver.js';

/** Lets so many commands of a batch be under way. One that is attempted and has no end holds a place. */
export interface BatchGate {
  /** True while the batch runs. */
  runs(batch: string): boolean;
  /** A place for a command of this device. Refused, the device is asked again when there is one. */
  take(batch: string, deviceKey: number): boolean;
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
  /** The socket took it, for the first time or again. */
  sent(command: OpenCommand, link: CommandLink): void;
}

/**
 * Brings commands to devices: in order of creation, so many in flight, again after each reconnect. That one will be sent is on disk
 * before it is (`attempted`), so that a restart never says of a command that may run that it was not sent.
 */
export function createDispatcher(options: DispatcherOptions) {
  const { clock, counters, open, saver, gate, inFlightMax, linkOf } = options;
  /** Commands on their way to the disk that will go out at once, by device. */
  const claims = new Map<number, number>();

  /** Sends what may be sent: first what the device had before, then the next in order. */
  function dispatch(device: Device): void {
    const link = linkOf(device);
    if (link === undefined) return;
    let inFlight = 0;
    for (const command of open.ofDevice(device.key)) {
      if (inFlight >= inFlightMax) return;
      if (command.link !== link) {
        if (command.state === 'queued' && command.expiresAt <= clock.now()) continue;
        // The device may yet say that it takes as much.
        if (commandBytes(command) > link.maxCommandBytes) return;
        // What its batch holds back does not hold back others.
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
    void saver.add({ type: 'command_attempted', id: command.id, attempted: true }).then(() => {
      command.noting = false;
      dispatchNoted(device, command);
    });
  }

  /** Where it did not go out after all, its record says so again. */
  function dispatchNoted(device: Device, command: OpenCommand): void {
    dispatch(device);
    if (command.state !== 'queued' || !command.attempted || command.noting) return;
    command.attempted = false;
    if (command.batch !== null) gate.give(command.batch);
    void saver.add({ type: 'command_attempted', id: command.id, attempted: false });
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

    /** With nothing before it on an open link a new command goes out as soon as it is stored, and its first record says so. */
    claim(device: Device, batch: string | null): boolean {
      const claimed = claims.get(device.key) ?? 0;
      if (linkOf(device) === undefined || open.countOf(device.key) + claimed >= inFlightMax) return false;
      if (batch !== null && !gate.take(batch, device.key)) return false;
      claims.set(device.key, claimed + 1);
      return true;
    },

    /** The record of the claim is on disk, or will never be. */
    unclaim({ deviceKey, attempted }: CommandRecord): void {
      if (!attempted) return;
      const left = (claims.get(deviceKey) ?? 0) - 1;
      if (left > 0) claims.set(deviceKey, left);
      else claims.delete(deviceKey);
    },
  };
}
