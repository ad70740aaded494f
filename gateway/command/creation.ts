import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { CommandChange, CommandRecord } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import type { Dispatcher } from './dispatcher.js';
import { CommandConflict, CommandError } from './errors.js';
import type { OpenCommands } from './openCommands.js';
import { type CommandRules, wholeMs } from './rules.js';

/** A command as it is asked for. Absent times are those of the model, or the defaults. */
export interface NewCommand {
  name: string;
  params?: Record<string, unknown>;
  ttlMs?: number;
  deadlineMs?: number;
  supersedes?: string;
}

/** The fields of a request for a command, the same over HTTP and MQTT. */
interface Wanted extends Pick<NewCommand, 'name' | 'params' | 'supersedes'> {
  ttlSeconds?: number;
  deadlineSeconds?: number;
}

/** The command that a request asks for. Throws CommandError command_reserved. */
export function newCommandOf({ name, params, ttlSeconds, deadlineSeconds, supersedes }: Wanted): NewCommand {
  if (name.startsWith('tidegate.')) throw new CommandError('command_reserved', `Only the gateway itself sends ${name}`);
  return {
    name,
    ...(params === undefined ? {} : { params }),
    ...(ttlSeconds === undefined ? {} : { ttlMs: wholeMs(ttlSeconds) }),
    ...(deadlineSeconds === undefined ? {} : { deadlineMs: wholeMs(deadlineSeconds) }),
    ...(supersedes === undefined ? {} : { supersedes }),
  };
}

export interface CreationOptions {
  clock: Clock;
  rules: CommandRules;
  open: OpenCommands;
  dispatcher: Pick<Dispatcher, 'claim' | 'unclaim'>;
  /** Commands without an end per device. */
  perDeviceMax: number;
  /** Commands without an end of all devices together. */
  openMax: number;
  /** Bytes of the largest command that the device takes. */
  bytesFor(device: Device): number;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  /** The command that the author `by` created with this Idempotency-Key; null: there is none. */
  readByKey(by: string, key: string): Promise<{ id: string; bodyHash: string } | null>;
  /** The new command is on disk. */
  accept(device: Device, record: CommandRecord): void;
}

/** A created command, with the hash of its request if an Idempotency-Key came with it. */
export interface Made extends Pick<CommandRecord, 'id' | 'bodyHash'> {
  /** The new command; null if an earlier request with the same key has created it. */
  record: CommandRecord | null;
}

const defaultTtlMs = 3_600_000;

const defaultDeadlineMs = 300_000;

/** How commands are made: checked, given an id, stored, and only then sent. */
export interface Creation {
  /**
   * Creates a command, or returns the one that an earlier request with the same Idempotency-Key `key` has created. Throws
   * CommandError, or CommandConflict idempotency_conflict if `bodyHash` differs from that of the earlier request.
   */
  create(device: Device, wanted: NewCommand, by: string, key: string | null, bodyHash: string): Promise<Made>;
  /** Creates commands of a batch in one transaction, together with the changes that `also` returns for them. */
  createMany(
    devices: Device[],
    wanted: NewCommand,
    by: string,
    batch: string,
    also: (records: CommandRecord[]) => CommandChange[],
  ): Promise<void>;
  /** Throws CommandError too_many_commands if the device has as many open commands as it may. */
  checkRoom(device: Device): void;
  /** Throws CommandError too_many_commands if `count` more would be too many for all devices together. */
  checkRoomForAll(count: number): void;
  /** Throws CommandError if the device would not take the command. */
  check(device: Device, wanted: NewCommand): void;
  /** The hash that distinguishes two requests under one Idempotency-Key. A later device with the same id has other hashes. */
  hashOf(device: Device, body: unknown): string;
}

export function createCreation(options: CreationOptions): Creation {
  const { clock, rules, open, dispatcher, bytesFor, save } = options;
  /** Commands that are being created, by author and Idempotency-Key, until they can be read from disk. */
  const creating = new Map<string, Promise<Made>>();

  /** Throws CommandError. */
  function make(device: Device, wanted: NewCommand, by: string, more: Partial<CommandRecord>): CommandRecord {
    const params = wanted.params ?? {};
    const rule = rules.check(device.model, wanted.name, params, bytesFor(device));
    const now = clock.now();
    return {
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
      ...more,
      attempted: dispatcher.claim(device, more.batch ?? null),
    };
  }

  async function store(records: CommandRecord[], by: string, also: RegistryChange[]): Promise<void> {
    const puts = records.map((command): CommandChange => ({ type: 'put_command', command, cause: `created by ${by}` }));
    try {
      await save([...puts, ...also]);
    } finally {
      for (const record of records) dispatcher.unclaim(record);
    }
  }

  function checkRoom(device: Device): void {
    const mine = open.countOf(device.key);
    if (mine >= options.perDeviceMax)
      throw new CommandError(
        'too_many_commands',
        `Device ${device.id} has ${mine} commands that have not ended; the limit is ${options.perDeviceMax}`,
      );
  }

  function checkRoomForAll(count: number): void {
    if (open.count() + count > options.openMax)
      throw new CommandError(
        'too_many_commands',
        `${open.count()} commands have not ended yet; the limit is ${options.openMax}`,
      );
  }

  async function createNew(
    device: Device,
    wanted: NewCommand,
    by: string,
    more: Partial<CommandRecord>,
  ): Promise<Made> {
    checkRoom(device);
    checkRoomForAll(1);
    const record = make(device, wanted, by, more);
    const detail = `${record.name} ${record.id}`;
    const audit = { at: record.createdAt, by, action: 'command_created', subject: device.id, detail } as const;
    await store([record], by, [{ type: 'audit', record: audit }]);
    options.accept(device, record);
    return { id: record.id, bodyHash: record.bodyHash, record };
  }

  async function createOnce(
    device: Device,
    wanted: NewCommand,
    by: string,
    key: string,
    bodyHash: string,
  ): Promise<Made> {
    const known = await options.readByKey(by, key);
    if (known !== null) return { ...known, record: null };
    return createNew(device, wanted, by, { idempotencyKey: key, bodyHash });
  }

  return {
    async create(device, wanted, by, key, bodyHash) {
      if (key === null) return createNew(device, wanted, by, {});
      const name = `${by} ${key}`;
      let made = creating.get(name);
      if (made === undefined) {
        made = createOnce(device, wanted, by, key, bodyHash).finally(() => creating.delete(name));
        creating.set(name, made);
      }
      const known = await made;
      if (known.bodyHash !== bodyHash)
        throw new CommandConflict('idempotency_conflict', `Idempotency-Key ${key} was used for another request`);
      return known;
    },

    async createMany(devices, wanted, by, batch, also) {
      const records = devices.map((device) => make(device, wanted, by, { batch }));
      await store(records, by, also(records));
      records.forEach((record, i) => {
        options.accept(devices[i], record);
      });
    },

    checkRoom,
    checkRoomForAll,

    check: (device, { name, params = {} }) => void rules.check(device.model, name, params, bytesFor(device)),

    hashOf,
  };
}

function hashOf({ id, key }: Device, body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([id, key, body]))
    .digest('hex');
}
