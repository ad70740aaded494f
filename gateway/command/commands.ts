import { createHash } from 'node:crypto';
import { createHistogram } from 'node:perf_hooks';
import { uuidv7 } from 'uuidv7';
import type { Fault } from '../../schemas/faults.js';
import type { CommandUpdateFrame } from '../../schemas/frame/types.js';
import { limits } from '../../schemas/limits.js';
import type { Clock } from '../clock.js';
import { type Counters, countBy } from '../counters.js';
import type { CommandChange, CommandRecord, CommandView, RegistryChange } from '../store/calls.js';
import type { Device } from '../types.js';
import { type CommandEvent, type CommandState, isFinal, knownOf, stateAfter } from './lifecycle.js';
import { CommandError, type CommandRule, type CommandRules, redacted } from './rules.js';
import { createSaver } from './saver.js';

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

export interface NewCommand {
  name: string;
  params?: Record<string, unknown>;
  ttlMs?: number;
  deadlineMs?: number;
  supersedes?: string;
}

/** A command without an end. `state` is decided; `shown` is on disk. */
interface OpenCommand extends CommandRecord {
  shown: CommandState;
  /** The link that it was sent on. */
  link: CommandLink | null;
  /** Sent to the device at some time, for all that is known. */
  sentBefore: boolean;
  progress: unknown;
  rule: CommandRule | null;
}

export interface CommandsOptions {
  clock: Clock;
  counters: Counters;
  rules: CommandRules;
  restored: CommandRecord[];
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

const defaultTtlMs = 3_600_000;
const defaultDeadlineMs = 300_000;

/** A request for a command that cannot be carried out. */
export class CommandConflict extends Error {
  constructor(
    readonly code: 'already_sent' | 'already_ended' | 'idempotency_conflict' | 'command_unknown',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Commands without an end, in memory, and their way to the devices: in order, so many in flight a device, again after each
 * reconnect until the final word. What happens to one is decided here and on disk before anyone is told.
 */
export function createCommands(options: CommandsOptions) {
  const { clock, counters, rules, deviceOf, linkOf } = options;
  const saver = createSaver({ save: options.save, schedule: options.schedule });
  const open = new Map<string, OpenCommand>();
  const byDevice = new Map<number, OpenCommand[]>();
  /** What a device's hello said, for the time when it is offline. */
  const bytesMax = new Map<number, number>();
  const waiters = new Map<string, Set<() => void>>();
  /** Their end is decided and on its way to the disk. */
  const ending = new Set<string>();
  /** Commands on their way to the disk that will go out at once, by device. */
  const claims = new Map<number, number>();
  const creating = new Map<string, Promise<CommandRecord>>();
  const toReceived = createHistogram();
  const toDone = createHistogram();
  for (const record of options.restored) restore(record);

  /** What was about to be sent when the gateway ended may have been sent. */
  function restore(record: CommandRecord): void {
    const device = deviceOf(record.deviceKey);
    const rule = device === undefined ? null : ruleOf(device, record);
    const secrets = rule?.secrets ?? [];
    const command = enter({ ...record, secrets }, rule);
    command.sentBefore = record.attempted;
    if (record.attempted && record.state === 'queued')
      move(command, 'sent', 'the gateway ended while it was being sent', { sentAt: clock.now() });
  }

  function ruleOf(device: Device, { name, params }: CommandRecord): CommandRule | null {
    try {
      return rules.check(device.model, name, params, Number.POSITIVE_INFINITY);
    } catch {
      return null;
    }
  }

  function enter(record: CommandRecord, rule: CommandRule | null): OpenCommand {
    const command: OpenCommand = {
      ...record,
      shown: record.state,
      link: null,
      sentBefore: false,
      progress: null,
      rule,
    };
    open.set(command.id, command);
    const queue = byDevice.get(command.deviceKey);
    if (queue === undefined) byDevice.set(command.deviceKey, [command]);
    else queue.push(command);
    return command;
  }

  function leave(command: OpenCommand): void {
    open.delete(command.id);
    const queue = byDevice.get(command.deviceKey) ?? [];
    const at = queue.indexOf(command);
    if (at >= 0) queue.splice(at, 1);
    if (queue.length === 0) byDevice.delete(command.deviceKey);
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
    command.state = state;
    Object.assign(command, more);
    const end = isFinal(state);
    if (end) {
      command.endedAt = at;
      command.params = redacted(command.params, command.secrets);
      leave(command);
      ending.add(command.id);
    }
    const change: CommandChange = { type: 'command_moved', id: command.id, state, at, cause, ...more };
    if (end) Object.assign(change, { endedAt: at }, command.secrets.length > 0 ? { params: command.params } : {});
    void saver.add(change).then(() => show(command, state));
    return true;
  }

  /** The state is on disk: whoever waits for it may know. */
  function show(command: OpenCommand, state: CommandState): void {
    command.shown = state;
    countBy(counters.commandsMoved, state);
    if (state === 'received') record(toReceived, command.createdAt);
    if (state === 'succeeded' || state === 'failed' || state === 'rejected') record(toDone, command.createdAt);
    options.moved({ ...command, state, params: {} });
    if (!isFinal(state)) return;
    ending.delete(command.id);
    for (const wake of waiters.get(command.id) ?? []) wake();
    waiters.delete(command.id);
  }

  function record(histogram: typeof toDone, since: number): void {
    histogram.record(Math.max(1, Math.round(clock.now() - since)));
  }

  /** With nothing before it on an open link it goes out as soon as it is stored, and its record says so. */
  function claim(device: Device): boolean {
    const claimed = claims.get(device.key) ?? 0;
    const before = (byDevice.get(device.key)?.length ?? 0) + claimed;
    if (linkOf(device) === undefined || before >= options.inFlightMax) return false;
    claims.set(device.key, claimed + 1);
    return true;
  }

  function unclaim({ deviceKey, attempted }: CommandRecord): void {
    const left = (claims.get(deviceKey) ?? 0) - (attempted ? 1 : 0);
    if (left > 0) claims.set(deviceKey, left);
    else claims.delete(deviceKey);
  }

  const bytesFor = (device: Device): number =>
    linkOf(device)?.maxCommandBytes ?? bytesMax.get(device.key) ?? limits.commandBytesMax;

  /** Throws CommandError, and what the store throws. */
  function make(
    device: Device,
    wanted: NewCommand,
    by: string,
    more: Partial<CommandRecord>,
  ): { record: CommandRecord; rule: CommandRule | null } {
    const params = wanted.params ?? {};
    const rule = rules.check(device.model, wanted.name, params, bytesFor(device));
    const now = clock.now();
    const record: CommandRecord = {
      id: uuidv7(),
      deviceKey: device.key,
      device: device.id,
      name: wanted.name,
      params,
      secrets: rule?.secrets ?? [],
      state: 'queued',
      result: null,
      error: null,
      createdAt: now,
      expiresAt: now + (wanted.ttlMs ?? rule?.ttlMs ?? defaultTtlMs),
      deadlineMs: wanted.deadlineMs ?? rule?.deadlineMs ?? defaultDeadlineMs,
      sentAt: null,
      endedAt: null,
      supersedes: wanted.supersedes ?? null,
      by,
      batch: null,
      idempotencyKey: null,
      bodyHash: null,
      attempted: claim(device),
      ...more,
    };
    return { record, rule };
  }

  function checkRoom(device: Device, count: number): void {
    const mine = byDevice.get(device.key)?.length ?? 0;
    if (mine >= options.perDeviceMax)
      throw new CommandError(
        'too_many_commands',
        `Device ${device.id} has ${mine} commands without an end; ${options.perDeviceMax} is the most`,
      );
    if (open.size + count > options.openMax)
      throw new CommandError(
        'too_many_commands',
        `${open.size} commands have no end yet; ${options.openMax} is the most`,
      );
  }

  async function create(
    device: Device,
    wanted: NewCommand,
    by: string,
    key: string | null,
    bodyHash: string,
  ): Promise<CommandRecord> {
    if (key === null) return createNew(device, wanted, by, {});
    const name = `${by} ${key}`;
    const before = creating.get(name);
    if (before !== undefined) return sameOrConflict(await before, bodyHash, key);
    const made = createOnce(device, wanted, by, key, bodyHash).finally(() => creating.delete(name));
    creating.set(name, made);
    return made;
  }

  async function createOnce(
    device: Device,
    wanted: NewCommand,
    by: string,
    key: string,
    bodyHash: string,
  ): Promise<CommandRecord> {
    const known = await options.readByKey(by, key);
    if (known === null) return createNew(device, wanted, by, { idempotencyKey: key, bodyHash });
    return sameOrConflict(known as CommandRecord, bodyHash, key);
  }

  function sameOrConflict(known: CommandRecord, bodyHash: string, key: string): CommandRecord {
    if (known.bodyHash !== bodyHash)
      throw new CommandConflict('idempotency_conflict', `Idempotency-Key ${key} came with another request before`);
    return known;
  }

  async function createNew(
    device: Device,
    wanted: NewCommand,
    by: string,
    more: Partial<CommandRecord>,
  ): Promise<CommandRecord> {
    checkRoom(device, 1);
    const { record, rule } = make(device, wanted, by, more);
    try {
      const audit = {
        at: record.createdAt,
        by,
        action: 'command_created',
        subject: device.id,
        detail: `${record.name} ${record.id}`,
      };
      await options.save([
        { type: 'put_command', command: record, cause: `created by ${by}` },
        { type: 'audit', record: audit },
      ]);
    } finally {
      unclaim(record);
    }
    accept(device, record, rule);
    return record;
  }

  function accept(device: Device, record: CommandRecord, rule: CommandRule | null): void {
    if (record.supersedes !== null) supersede(record);
    const command = enter(record, rule);
    countBy(counters.commandsMoved, 'queued');
    options.moved({ ...record, params: {} });
    if (deviceOf(device.key) === undefined) move(command, 'remove_device', 'the device was removed');
    else dispatch(device);
  }

  function supersede({ deviceKey, supersedes, id }: CommandRecord): void {
    for (const older of [...(byDevice.get(deviceKey) ?? [])])
      if (older.supersedes === supersedes) move(older, 'supersede', `superseded by ${id}`);
  }

  /** Sends what may be sent: first what the device had before, then the next in order. */
  function dispatch(device: Device): void {
    const link = linkOf(device);
    if (link === undefined) return;
    let inFlight = 0;
    for (const command of [...(byDevice.get(device.key) ?? [])]) {
      if (inFlight >= options.inFlightMax) return;
      if (command.state === 'queued' && command.expiresAt <= clock.now()) continue;
      if (command.link !== link && !sendOn(device, link, command)) return;
      inFlight++;
    }
  }

  /** False where it has to wait, and with it those behind it. */
  function sendOn(device: Device, link: CommandLink, command: OpenCommand): boolean {
    if (!command.attempted) {
      command.attempted = true;
      void saver.add({ type: 'command_attempted', id: command.id }).then(() => dispatch(device));
      return false;
    }
    const bytes = Buffer.byteLength(command.name) + Buffer.byteLength(JSON.stringify(command.params));
    if (bytes > link.maxCommandBytes) return false;
    const { id, name, params, expiresAt } = command;
    const known = knownOf(command.state, command.sentBefore);
    const ttlMs = Math.max(1, expiresAt - clock.now());
    if (!link.sendCommand({ id, name, params, expiresAt, ttlMs, known })) return false;
    command.link = link;
    command.sentBefore = true;
    if (known !== 0) counters.commandsResent++;
    move(command, 'sent', `sent to ${link.address}`, { sentAt: command.sentAt ?? clock.now() });
    return true;
  }

  type Update = Pick<CommandUpdateFrame, 'id' | 'state' | 'result' | 'error'>;

  /** A device's word. The fault where it has no such command. */
  function update(device: Device, word: Update): Fault | null | Promise<Fault | null> {
    const command = open.get(word.id);
    if (command === undefined) return lateWord(device, word);
    if (command.deviceKey !== device.key || !command.sentBefore) return unknown(word);
    const cause = `device ${device.id}`;
    const { result, error } = word;
    const moved = move(command, word.state, cause, {
      ...(result === undefined || word.state === 'running' ? {} : { result }),
      ...(error === undefined ? {} : { error }),
    });
    if (word.state === 'running' && !isFinal(command.state)) command.progress = result ?? command.progress;
    if (moved && isFinal(command.state)) dispatch(device);
    return null;
  }

  /** After the end a word is kept as an event and changes nothing. */
  async function lateWord(device: Device, word: Update): Promise<Fault | null> {
    const known = await options.readCommand(word.id);
    if (known === null || known.deviceKey !== device.key) return unknown(word);
    counters.commandsLate++;
    const { id, state } = word;
    // The device says its outcome again after a reconnect: that is no news.
    if (known.history.some((event) => event.state === state)) return null;
    await saver.add({ type: 'command_event', id, state, at: clock.now(), cause: `late word of device ${device.id}` });
    return null;
  }

  const unknown = ({ id }: Update): Fault => ({
    code: 'command_unknown',
    message: `no command ${id} was sent to this device`,
  });

  /** What the clock ends. To be called about once a second. */
  function tick(): void {
    const now = clock.now();
    for (const command of [...open.values()]) {
      if (command.state === 'queued') {
        if (command.expiresAt <= now) move(command, 'expire', 'its time to live was over');
      } else if (command.sentAt !== null && command.sentAt + command.deadlineMs <= now) {
        if (!move(command, 'time_out', 'no final word by its deadline; it may have run')) continue;
        const device = deviceOf(command.deviceKey);
        if (device !== undefined) dispatch(device);
      }
    }
  }

  return {
    /** Creates a command, or finds the one that this key made before. Throws CommandError, CommandConflict. */
    create,
    /** Several in one transaction, of a batch. */
    async createMany(
      wanted: { device: Device; command: NewCommand; more: Partial<CommandRecord> }[],
      by: string,
      also: (records: CommandRecord[]) => CommandChange[],
    ): Promise<CommandRecord[]> {
      const made = wanted.map(({ device, command, more }) => ({ device, ...make(device, command, by, more) }));
      try {
        await options.save([
          ...made.map(
            ({ record }): CommandChange => ({ type: 'put_command', command: record, cause: `created by ${by}` }),
          ),
          ...also(made.map(({ record }) => record)),
        ]);
      } finally {
        for (const { record } of made) unclaim(record);
      }
      for (const { device, record, rule } of made) accept(device, record, rule);
      return made.map(({ record }) => record);
    },
    checkRoom,
    /** Throws CommandError where the device would not take it. */
    check: (device: Device, { name, params = {} }: NewCommand): void =>
      void rules.check(device.model, name, params, bytesFor(device)),
    hashOf: (deviceId: string, body: unknown): string =>
      createHash('sha256')
        .update(JSON.stringify([deviceId, body]))
        .digest('hex'),
    /** Takes back what is queued. Resolves when that is on disk; throws CommandConflict. */
    async cancel(id: string, by: string): Promise<void> {
      const command = open.get(id);
      if (command === undefined) throw new CommandConflict('already_ended', `Command ${id} has ended`);
      if (command.state !== 'queued')
        throw new CommandConflict('already_sent', `Command ${id} was sent; its device may be running it`);
      const ended = untilEnd(id);
      move(command, 'cancel', `cancelled by ${by}`);
      await ended;
    },
    update,
    /** The device has a link, or its hello has said what it takes. */
    linked(device: Device): void {
      const link = linkOf(device);
      if (link !== undefined) bytesMax.set(device.key, link.maxCommandBytes);
      dispatch(device);
    },
    deviceRemoved({ key }: Device): void {
      bytesMax.delete(key);
      for (const command of [...(byDevice.get(key) ?? [])]) move(command, 'remove_device', 'the device was removed');
    },
    tick,
    /** Resolves when the command has ended on disk, or after so long. */
    wait(id: string, ms: number): Promise<void> {
      if (!open.has(id) && !ending.has(id)) return Promise.resolve();
      return Promise.race([untilEnd(id), new Promise<void>((resolve) => options.schedule(ms, resolve))]);
    },
    progressOf: (id: string): unknown => open.get(id)?.progress ?? null,
    openCount: (): number => open.size,
    openByState(): Record<string, number> {
      const counts: Record<string, number> = { queued: 0, sent: 0, received: 0, running: 0 };
      for (const { shown } of open.values()) countBy(counts, shown);
      return counts;
    },
    timings: () => ({ toReceived: quantiles(toReceived), toDone: quantiles(toDone) }),
  };

  function untilEnd(id: string): Promise<void> {
    return new Promise((resolve) => {
      const set = waiters.get(id) ?? new Set();
      set.add(resolve);
      waiters.set(id, set);
    });
  }
}

/** Seconds, of all since the start. */
function quantiles(histogram: { percentile(p: number): number; count: number }): Record<string, number> {
  if (histogram.count === 0) return { '0.5': 0, '0.99': 0 };
  return { '0.5': histogram.percentile(50) / 1000, '0.99': histogram.percentile(99) / 1000 };
}
