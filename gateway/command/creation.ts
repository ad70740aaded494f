import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { CommandChange, CommandRecord } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import type { createDispatcher } from './dispatcher.js';
import { CommandConflict, CommandError } from './errors.js';
import type { OpenCommands } from './openCommands.js';
import { type CommandRules, wholeMs } from './rules.js';

export interface NewCommand {
  name: string;
  params?: Record<string, unknown>;
  ttlMs?: number;
  deadlineMs?: number;
  supersedes?: string;
}

/** What requests for commands say, over HTTP and MQTT. */
interface Wanted extends Pick<NewCommand, 'name' | 'params' | 'supersedes'> {
  ttlSeconds?: number;
  deadlineSeconds?: number;
}

/** Throws CommandError command_reserved. */
export function newCommandOf({ name, params, ttlSeconds, deadlineSeconds, supersedes }: Wanted): NewCommand {
  if (name.startsWith('tidegate.'))
    throw new CommandError(
      'command_reserved',
      `${name} is sent by the gateway itself: see POST /v1/devices/{id}/credentials`,
    );
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
  dispatcher: Pick<ReturnType<typeof createDispatcher>, 'claim' | 'unclaim'>;
  perDeviceMax: number;
  openMax: number;
  bytesFor(device: Device): number;
  save(changes: RegistryChange[]): Promise<void>;
  readByKey(by: string, key: string): Promise<{ id: string; bodyHash: string } | null>;
  /** It is on disk. */
  accept(device: Device, record: CommandRecord): void;
}

/** A command, and what its body hashed to where an Idempotency-Key came with it. */
interface Made extends Pick<CommandRecord, 'id' | 'bodyHash'> {
  /** As it was made; null where it was made before. */
  record: CommandRecord | null;
}

const defaultTtlMs = 3_600_000;

const defaultDeadlineMs = 300_000;

/** How commands are made: checked, numbered, stored, and only then on their way. */
export function createCreation(options: CreationOptions) {
  const { clock, rules, open, dispatcher, bytesFor, save } = options;
  /** By key and Idempotency-Key, until they can be read. */
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

  /** Throws CommandError where the device has as many open commands as it may. */
  function checkRoom(device: Device): void {
    const mine = open.countOf(device.key);
    if (mine >= options.perDeviceMax)
      throw new CommandError(
        'too_many_commands',
        `Device ${device.id} has ${mine} commands without an end; ${options.perDeviceMax} is the most`,
      );
  }

  /** Throws CommandError where all devices together would have more than they may. */
  function checkRoomForAll(count: number): void {
    if (open.count() + count > options.openMax)
      throw new CommandError(
        'too_many_commands',
        `${open.count()} commands have no end yet; ${options.openMax} is the most`,
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
    const audit = { at: record.createdAt, by, action: 'command_created', subject: device.id, detail };
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
    /** Creates a command, or finds the one that this key made before. Throws CommandError, CommandConflict. */
    async create(device: Device, wanted: NewCommand, by: string, key: string | null, bodyHash: string): Promise<Made> {
      if (key === null) return createNew(device, wanted, by, {});
      const name = `${by} ${key}`;
      let made = creating.get(name);
      if (made === undefined) {
        made = createOnce(device, wanted, by, key, bodyHash).finally(() => creating.delete(name));
        creating.set(name, made);
      }
      const known = await made;
      if (known.bodyHash !== bodyHash)
        throw new CommandConflict('idempotency_conflict', `Idempotency-Key ${key} came with another request before`);
      return known;
    },

    /** Several of a batch in one transaction, which `also` adds to. */
    async createMany(
      devices: Device[],
      wanted: NewCommand,
      by: string,
      batch: string,
      also: (records: CommandRecord[]) => CommandChange[],
    ): Promise<void> {
      const records = devices.map((device) => make(device, wanted, by, { batch }));
      await store(records, by, also(records));
      records.forEach((record, i) => {
        options.accept(devices[i], record);
      });
    },

    checkRoom,
    checkRoomForAll,

    /** Throws CommandError where the device would not take it. */
    check: (device: Device, { name, params = {} }: NewCommand): void =>
      void rules.check(device.model, name, params, bytesFor(device)),

    /** What tells two requests under one Idempotency-Key apart. The next device of the same id is another one. */
    hashOf: ({ id, key }: Device, body: unknown): string =>
      createHash('sha256')
        .update(JSON.stringify([id, key, body]))
        .digest('hex'),
  };
}
