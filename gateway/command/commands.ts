import { createHistogram } from 'node:perf_hooks';
import type { CommandUpdateFrame } from '../../schemas/frame/types.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import {
  type CommandChange,
  type CommandRecord,
  type CommandState,
  type CommandView,
  isFinal,
} from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import { type Counters, countBy } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import { createCreation } from './creation.js';
import { type BatchGate, createDispatcher } from './dispatcher.js';
import { CommandConflict } from './errors.js';
import { type CommandEvent, stateAfter } from './lifecycle.js';
import { type CommandLink, createOpenCommands, type OpenCommand } from './openCommands.js';
import { type CommandRules, redacted } from './rules.js';
import { createSaver } from './saver.js';
import { createWaiters, type Ended } from './waiters.js';

export interface CommandsOptions {
  clock: Clock;
  counters: Counters;
  rules: CommandRules;
  restored: CommandRecord[];
  gate: BatchGate;
  /** By device key. */
  deviceOf(deviceKey: number): Device | undefined;
  linkOf(device: Device): CommandLink | undefined;
  save(changes: RegistryChange[]): Promise<void>;
  readCommand(id: string): Promise<CommandView | null>;
  readByKey(by: string, key: string): Promise<{ id: string; bodyHash: string; state: CommandState } | null>;
  schedule(delayMs: number, run: () => void): void;
  /** Commands a device may have in flight. */
  inFlightMax: number;
  /** Commands without an end that a device, and all of them together, may have. */
  perDeviceMax: number;
  openMax: number;
  /** A state is on disk. The record comes without its parameters. */
  moved(command: CommandRecord): void;
}

export type Commands = ReturnType<typeof createCommands>;

type Update = Pick<CommandUpdateFrame, 'id' | 'state' | 'result' | 'error'>;

/** Words about ended commands that are looked up at a time. A device that is not heard says it again. */
const lateWordsMax = 1_000;

/**
 * Commands without an end, in memory, and what becomes of them. What happens to one is decided here, and is on disk before
 * anyone is told. How they are made: creation.ts; how they get to devices: dispatcher.ts.
 */
export function createCommands(options: CommandsOptions) {
  const { clock, counters, rules, deviceOf, linkOf } = options;
  const open = createOpenCommands();
  const saver = createSaver({ save: options.save, schedule: options.schedule });
  const waiters = createWaiters(options.schedule);
  const dispatcher = createDispatcher({ ...options, open, saver, sent });
  const { dispatch } = dispatcher;
  const creation = createCreation({ ...options, open, dispatcher, bytesFor, accept });
  /** What a device's hello said, for the time when it is offline. */
  const bytesMax = new Map<number, number>();
  /** Their end is decided and on its way to the disk. */
  const ending = new Set<string>();
  let lateWords = 0;
  const toReceived = createHistogram();
  const toDone = createHistogram();

  /** What was about to be sent when the gateway ended may have been sent. */
  function restore(record: CommandRecord): void {
    const device = deviceOf(record.deviceKey);
    const secrets = rules.secretsOf(device?.model ?? null, record.name);
    const command = open.enter({ ...record, secrets });
    command.sentBefore = record.attempted;
    if (record.attempted && record.state === 'queued')
      move(command, 'sent', 'the gateway ended while it was being sent', { sentAt: clock.now() });
    else if (device === undefined) move(command, 'remove_device', 'the device was removed');
  }

  /** Decides a change of state and stores it. False where the event changes nothing. */
  function move(
    command: OpenCommand,
    event: CommandEvent,
    cause: string,
    more: { result?: unknown; error?: unknown; sentAt?: number } = {},
  ): boolean {
    const state = stateAfter(command.state, event);
    if (state === null) return false;
    const at = clock.now();
    const change: CommandChange = { type: 'command_moved', id: command.id, state, at, cause, ...more };
    command.state = state;
    Object.assign(command, more);
    if (isFinal(state)) {
      command.endedAt = change.endedAt = at;
      if (command.secrets.length > 0) command.params = change.params = redacted(command.params, command.secrets);
      open.leave(command);
      ending.add(command.id);
    }
    // If all is well the device's next word follows at once, and takes this along.
    void saver.add(change, isFinal(state) ? 'now' : 'soon').then(() => show(command, state));
    return true;
  }

  /** The state is on disk: whoever waits for it may know. */
  function show(command: OpenCommand, state: CommandState): void {
    command.shown = state;
    countBy(counters.commandsMoved, state);
    if (state === 'received') toReceived.record(msSince(command.createdAt));
    if (state === 'succeeded' || state === 'failed' || state === 'rejected') toDone.record(msSince(command.createdAt));
    options.moved({ ...command, state, params: {} });
    if (!isFinal(state)) return;
    ending.delete(command.id);
    waiters.wake(command);
  }

  /** A histogram takes whole numbers from 1. */
  const msSince = (at: number): number => Math.max(1, Math.round(clock.now() - at));

  function bytesFor(device: Device): number {
    return linkOf(device)?.maxCommandBytes ?? bytesMax.get(device.key) ?? limits.commandBytesMax;
  }

  /** A new command is on disk. */
  function accept(device: Device, record: CommandRecord): void {
    if (record.supersedes !== null) supersede(record);
    const command = open.enter(record);
    countBy(counters.commandsMoved, 'queued');
    options.moved({ ...record, params: {} });
    if (deviceOf(device.key) === undefined) move(command, 'remove_device', 'the device was removed');
    else dispatcher.dispatchNoted(device, command);
  }

  function supersede({ deviceKey, supersedes, id }: CommandRecord): void {
    for (const older of open.ofDevice(deviceKey))
      if (older.supersedes === supersedes) move(older, 'supersede', `superseded by ${id}`);
  }

  function sent(command: OpenCommand, { address }: CommandLink): void {
    move(command, 'sent', `sent to ${address}`, { sentAt: command.sentAt ?? clock.now() });
  }

  /** A device's word. The fault where it has no such command. */
  function update(device: Device, word: Update): Fault | null | Promise<Fault | null> {
    const command = open.get(word.id);
    if (command === undefined) return lateWord(device, word);
    if (command.deviceKey !== device.key || !command.sentBefore) return unknown(word);
    const { state, result, error } = word;
    const moved = move(command, state, `device ${device.id}`, {
      ...(result === undefined || state === 'running' ? {} : { result }),
      ...(error === undefined ? {} : { error }),
    });
    if (state === 'running') command.progress = result ?? command.progress;
    if (moved && isFinal(command.state)) dispatch(device);
    return null;
  }

  /** After the end a word is kept as an event and changes nothing. */
  async function lateWord(device: Device, { id, state }: Update): Promise<Fault | null> {
    if (lateWords >= lateWordsMax) return null;
    lateWords++;
    try {
      if (ending.has(id)) await waiters.until(id);
      const known = await options.readCommand(id);
      if (known === null || known.deviceKey !== device.key || known.sentAt === null) return unknown({ id });
      counters.commandsLate++;
      // The device says its outcome again after a reconnect: that is no news.
      if (known.history.some((event) => event.state === state)) return null;
      await saver.add({ type: 'command_event', id, state, at: clock.now(), cause: `late word of device ${device.id}` });
      return null;
    } finally {
      lateWords--;
    }
  }

  const unknown = ({ id }: Pick<Update, 'id'>): Fault => ({
    code: 'command_unknown',
    message: `no command ${id} was sent to this device`,
  });

  /** What the clock ends. To be called about once a second. */
  function tick(): void {
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

  for (const record of options.restored) restore(record);

  return {
    ...creation,
    update,
    tick,

    /** Takes back what is queued. Resolves when that is on disk; throws CommandConflict. */
    async cancel(id: string, by: string): Promise<void> {
      const command = open.get(id);
      if (command === undefined) throw new CommandConflict('already_ended', `Command ${id} has ended`);
      const ended = waiters.until(id);
      if (!move(command, 'cancel', `cancelled by ${by}`))
        throw new CommandConflict('already_sent', `Command ${id} was sent; its device may be running it`);
      await ended;
    },

    /** Takes back what is queued of a batch. */
    cancelBatch(batch: string, cause: string): void {
      for (const command of open.all()) if (command.batch === batch) move(command, 'cancel', cause);
    },

    /** The device has a link, or its hello has said what it takes. */
    linked(device: Device): void {
      const link = linkOf(device);
      if (link !== undefined) bytesMax.set(device.key, link.maxCommandBytes);
      dispatch(device);
    },

    /** There may be room now for what a batch held back. */
    dispatch,

    deviceRemoved({ key }: Device): void {
      bytesMax.delete(key);
      for (const command of open.ofDevice(key)) move(command, 'remove_device', 'the device was removed');
    },

    /** Resolves when the command has ended on disk, or after so long; null where it has no end yet, or had it before. */
    wait: async (id: string, ms: number): Promise<Ended> =>
      ms > 0 && (open.has(id) || ending.has(id)) ? waiters.until(id, ms) : null,

    progressOf: (id: string): unknown => open.get(id)?.progress ?? null,
    openByState: open.byState,
    timings: () => ({ toReceived: quantiles(toReceived), toDone: quantiles(toDone) }),
  };
}

/** Seconds, of all since the start. */
function quantiles(histogram: { percentile(p: number): number; count: number }): Record<string, number> {
  if (histogram.count === 0) return { '0.5': 0, '0.99': 0 };
  return { '0.5': histogram.percentile(50) / 1000, '0.99': histogram.percentile(99) / 1000 };
}
