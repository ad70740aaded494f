/**
 * command/ holds commands to devices: their rules, their life, how they reach a device, and batches of them. The states and what
 * follows what are in lifecycle.ts; how a command is made is in creation.ts, how it gets to its device in dispatcher.ts, what the
 * device reports in deviceUpdates.ts. Sockets and HTTP belong to link/ and operator/.
 */
import { limits } from '../../schemas/tables/limits.js';
import type { CommandRecord, CommandView } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import { type Counters, countBy } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import { type Creation, type CreationOptions, createCreation } from './creation.js';
import { createDeviceUpdates, type TakeUpdate } from './deviceUpdates.js';
import { type BatchGate, createDispatcher } from './dispatcher.js';
import { CommandConflict } from './errors.js';
import { createMoves, type Moves, type Yielding } from './moves.js';
import { type CommandLink, createOpenCommands, type OpenCommand, type OpenCommands } from './openCommands.js';
import { createRoom } from './room.js';
import type { CommandRules } from './rules.js';
import { createSaver } from './saver.js';
import { CommandTimings, type Quantiles } from './timings.js';
import { createWaiters, type Waited } from './waiters.js';

export interface CommandsOptions {
  clock: Clock;
  counters: Counters;
  rules: CommandRules;
  /** Commands that had no end when the gateway stopped. */
  restored: CommandRecord[];
  gate: BatchGate;
  /** The key of the hashes of requests. */
  hashKey: Uint8Array;
  /** The device with this key, unless it was removed. */
  deviceOf(deviceKey: number): Device | undefined;
  /** The device's open link. */
  linkOf(device: Device): CommandLink | undefined;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  /** A command as it is on disk; null: there is none with this id. */
  readCommand(id: string): Promise<CommandView | null>;
  readByKey: CreationOptions['readByKey'];
  schedule(delayMs: number, run: () => void): void;
  /** Commands a device may have in flight. */
  inFlightMax: number;
  /** Commands without an end per device. */
  perDeviceMax: number;
  /** Commands without an end of all devices together. */
  openMax: number;
  /** Members of batches whose command is not made yet. */
  waitingInBatches(): number;
  /** A state is on disk. The record comes without its parameters. */
  moved(command: CommandRecord): void;
}

/**
 * Commands without an end, in memory, and what becomes of them. What happens to a command is decided here, and is on disk before
 * anyone sees it.
 */
export interface Commands extends Creation {
  /** Takes in a device's update. Returns the fault if the device has no such command. */
  update: TakeUpdate;
  /** Ends commands whose time is over. To be called about once per second. */
  tick(): void;
  /** The clock was wrong, and now it is right: commands that are dated after this time, Unix ms, live from now on. */
  bringBack(now: number): void;
  /** Cancels a queued command. Resolves when that is on disk, with its audit record. Throws CommandConflict already_sent, already_ended. */
  cancel(id: string, by: string): Promise<void>;
  /** Cancels the queued commands of a batch. `cause` is shown in their history. */
  cancelBatch(batch: string, cause: string): void;
  /** The device has opened a link, or its hello has said how large its commands may be. */
  linked(device: Device): void;
  /** Sends the device what it may be sent now: also a command that its batch held back, once the batch has room. */
  dispatch(device: Device): void;
  /** The device was removed: all its commands end. */
  deviceRemoved(device: Device): void;
  /** Waits until the end of a command is on disk, but no longer than `ms`. */
  wait(id: string, ms: number): Promise<Waited>;
  /** The last progress that the device has reported for a running command; null: none. It is not stored. */
  progressOf(id: string): unknown;
  /** How many commands are in each open state, as stored. */
  openByState(): Record<string, number>;
  timings(): { toReceived: Quantiles; toDone: Quantiles };
}

const removedCause = 'the device was removed';

/** Why the queued commands of an aborted batch are cancelled. */
export const tooManyFailed = 'too many of its batch failed';

export function createCommands(options: CommandsOptions): Commands {
  const { clock, counters, rules, deviceOf, linkOf, save, schedule } = options;
  const open = createOpenCommands();
  /** Bytes of the largest command that a device takes, by device key, as its last hello said: for the time when it is offline. */
  const bytesMax = new Map<number, number>();
  const saver = createSaver({ save, schedule });
  const waiters = createWaiters(schedule);
  const timings = new CommandTimings();
  const moves = createMoves({ clock, counters, open, saver, waiters, timings, moved: options.moved });
  const { move } = moves;
  const { gate, inFlightMax } = options;
  const dispatcher = createDispatcher({ clock, counters, open, saver, gate, inFlightMax, linkOf, sent });
  const { dispatch } = dispatcher;
  const { perDeviceMax, openMax, waitingInBatches, readByKey, readCommand } = options;
  const room = createRoom({ open, waitingInBatches, perDeviceMax, openMax });
  const { hashKey } = options;
  const creation = createCreation({
    clock,
    rules,
    hashKey,
    room,
    dispatcher,
    save,
    readByKey,
    bytesFor,
    supersede,
    accept,
  });
  const update = createDeviceUpdates({ clock, counters, open, saver, waiters, moves, readCommand, dispatch });
  function bytesFor(device: Device): number {
    return linkOf(device)?.maxCommandBytes ?? bytesMax.get(device.key) ?? limits.commandBytesMax;
  }

  /** A new command is on disk. */
  function accept(device: Device, record: CommandRecord): void {
    const command = open.enter(record);
    countBy(counters.commandsMoved, 'queued');
    options.moved({ ...record, params: {} });
    if (deviceOf(device.key) === undefined) move(command, 'remove_device', removedCause);
    else dispatcher.dispatchNoted(device, command);
  }

  function supersede({ deviceKey, supersedes, id }: CommandRecord): Yielding[] {
    const older = open.ofDevice(deviceKey).filter((one) => one.supersedes === supersedes && one.state === 'queued');
    return older.map((command) => {
      const yielding = moves.yieldTo(command, id);
      return {
        ...yielding,
        failed() {
          yielding.failed();
          const device = deviceOf(deviceKey);
          if (device !== undefined) dispatch(device);
        },
      };
    });
  }

  function sent(command: OpenCommand, { address }: CommandLink): void {
    move(command, 'sent', `sent to ${address}`, { sentAt: command.sentAt ?? clock.now() });
  }

  restore(options, open, moves);

  return {
    ...creation,
    update,
    tick: () => endOverdue(options, open, moves, dispatch),

    bringBack(now) {
      for (const command of open.all()) bringBack(command, now);
    },

    async cancel(id, by) {
      const command = open.get(id);
      if (command === undefined) throw new CommandConflict('already_ended', `Command ${id} has ended`);
      const ended = waiters.until(id);
      const detail = `${command.name} ${id}`;
      const audit = { at: clock.now(), by, action: 'command_cancelled', subject: command.device, detail } as const;
      if (!move(command, 'cancel', `cancelled by ${by}`, {}, [{ type: 'audit', record: audit }]))
        throw new CommandConflict('already_sent', `Command ${id} was sent; its device may be running it`);
      const { outcome, ...end } = await ended;
      if (outcome === 'ended' && 'state' in end && end.state !== 'cancelled')
        throw new CommandConflict('already_ended', `Command ${id} has ended`);
    },

    cancelBatch(batch, cause) {
      for (const command of open.all()) if (command.batch === batch) move(command, 'cancel', cause);
    },

    linked(device) {
      const link = linkOf(device);
      if (link !== undefined) bytesMax.set(device.key, link.maxCommandBytes);
      dispatch(device);
    },

    dispatch,

    deviceRemoved({ key }) {
      bytesMax.delete(key);
      for (const command of open.ofDevice(key)) move(command, 'remove_device', removedCause);
    },

    async wait(id, ms) {
      if (!open.has(id) && !moves.isEnding(id)) return { outcome: 'ended_before' };
      return ms > 0 ? waiters.until(id, ms) : { outcome: 'open' };
    },

    progressOf: (id) => open.get(id)?.progress ?? null,
    openByState: open.byState,
    timings: () => timings.quantiles(),
  };
}

/**
 * A command that was about to be sent when the gateway ended may have been sent, so it counts as sent. One that waits for a batch
 * that has been aborted would have been cancelled next.
 */
function restore(
  { clock, rules, gate, restored, deviceOf }: CommandsOptions,
  open: OpenCommands,
  { move }: Moves,
): void {
  for (const record of restored) {
    const device = deviceOf(record.deviceKey);
    const secrets = [...record.secrets, ...rules.secretsIn(record.name, record.params)];
    const command = open.enter({ ...record, secrets });
    command.sentBefore = record.attempted;
    if (record.attempted && record.state === 'queued')
      move(command, 'sent', 'the gateway ended while it was being sent', { sentAt: clock.now() });
    else if (device === undefined) move(command, 'remove_device', removedCause);
    else if (record.batch !== null && !gate.exists(record.batch)) move(command, 'cancel', tooManyFailed);
  }
}

/** What is on disk is brought back by the change `bring_back_commands`. */
function bringBack(command: OpenCommand, now: number): void {
  if (command.sentAt !== null) command.sentAt = Math.min(command.sentAt, now);
  if (command.createdAt <= now) return;
  command.expiresAt = now + command.expiresAt - command.createdAt;
  command.createdAt = now;
}

/** Ends queued commands whose time to live is over, and sent ones without an end by their deadline. */
function endOverdue(
  { clock, deviceOf }: CommandsOptions,
  open: OpenCommands,
  { move }: Moves,
  dispatch: (device: Device) => void,
): void {
  const now = clock.now();
  for (const command of open.all()) {
    if (command.state === 'queued') {
      if (command.expiresAt <= now) move(command, 'expire', 'its time to live was over');
    } else if (command.sentAt !== null && command.sentAt + command.deadlineMs <= now) {
      if (!move(command, 'time_out', 'no final word by its deadline; it may have run')) continue;
      const device = deviceOf(command.deviceKey);
      if (device !== undefined) dispatch(device);
    }
  }
}
