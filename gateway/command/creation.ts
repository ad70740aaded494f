import { createHmac } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { CommandChange, CommandRecord } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import type { Dispatcher } from './dispatcher.js';
import { CommandConflict, CommandError } from './errors.js';
import type { Yielding } from './moves.js';
import type { Room } from './room.js';
import { type CommandRules, wholeMs } from './rules.js';
import { createTurns } from './turns.js';

/** A command as it is asked for. Absent times are those of the model, or the defaults. */
export interface NewCommand {
  name: string;
  params?: Record<string, unknown>;
  ttlMs?: number;
  deadlineMs?: number;
  supersedes?: string;
  /** Where the parameters have secrets, beside those that models declare now. */
  secrets?: string[][];
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
  /** The key of the hashes of requests, so that a short secret in a body cannot be found by trying. */
  hashKey: Uint8Array;
  room: Room;
  dispatcher: Pick<Dispatcher, 'claim' | 'unclaim'>;
  /** Bytes of the largest command that the device takes. */
  bytesFor(device: Device): number;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  /** The command that the author `by` created with this Idempotency-Key; null: there is none. */
  readByKey(by: string, key: string): Promise<{ id: string; bodyHash: string } | null>;
  /** The queued commands that the new one supersedes give way to it. */
  supersede(record: CommandRecord): Yielding[];
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
   * Creates a command, or returns the one that an earlier request with the same Idempotency-Key `key` has created. A new command,
   * the end of those that it supersedes and the changes `also` are one transaction. Throws CommandError, or CommandConflict
   * idempotency_conflict if `bodyHash` differs from that of the earlier request.
   */
  create(
    device: Device,
    wanted: NewCommand,
    by: string,
    key: string | null,
    bodyHash: string,
    also?: readonly RegistryChange[],
  ): Promise<Made>;
  /** Creates commands of a batch in one transaction, together with the changes that `also` returns for them. */
  createMany(
    devices: Device[],
    wanted: NewCommand,
    by: string,
    batch: string,
    also: (records: CommandRecord[]) => CommandChange[],
  ): Promise<void>;
  /** Throws CommandError too_many_commands if the device has as many open commands as it may. */
  checkRoom: Room['check'];
  /** Throws CommandError too_many_commands if `count` more would be too many for all devices together. */
  checkRoomForAll: Room['checkForAll'];
  /** Throws CommandError if the device would not take the command. */
  check(device: Device, wanted: NewCommand): void;
  /** The hash that distinguishes two requests under one Idempotency-Key. A later device with the same id has other hashes. */
  hashOf(device: Device, body: unknown): string;
}

export function createCreation(options: CreationOptions): Creation {
  const { clock, rules, room, dispatcher, bytesFor, save } = options;
  /** Commands that are being created, by author and Idempotency-Key, until they can be read from disk. */
  const creating = new Map<string, Promise<Made>>();
  const inTurn = createTurns();

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
      secrets: [...(wanted.secrets ?? []), ...rules.secretsIn(wanted.name, params)],
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
      attempted: false,
      ...more,
    };
  }

  /** Stores new commands and the end of those that they supersede. Resolves when all of it is on disk and the commands are open. */
  async function store(
    devices: readonly Device[],
    records: readonly CommandRecord[],
    also: readonly RegistryChange[],
  ): Promise<void> {
    records.forEach((record, i) => {
      record.attempted = dispatcher.claim(devices[i], record.batch);
    });
    const puts = records.map(
      (command): CommandChange => ({ type: 'put_command', command, cause: `created by ${command.by}` }),
    );
    const superseded = records.flatMap((record) => (record.supersedes === null ? [] : options.supersede(record)));
    let isStored = false;
    try {
      await save([...puts, ...superseded.map(({ change }) => change), ...also]);
      isStored = true;
    } finally {
      for (const record of records) dispatcher.unclaim(record, isStored);
      for (const yielding of superseded) isStored ? yielding.stored() : yielding.failed();
    }
    records.forEach((record, i) => {
      options.accept(devices[i], record);
    });
  }

  /**
   * Commands of a device that supersede the same are stored one after the other, so that each finds the one before it. All others
   * need not wait.
   */
  function superseding<Result>(
    devices: readonly Device[],
    { supersedes }: NewCommand,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return supersedes === undefined
      ? work()
      : inTurn(
          devices.map(({ key }) => `${key} ${supersedes}`),
          work,
        );
  }

  async function createNew(
    device: Device,
    wanted: NewCommand,
    by: string,
    more: Partial<CommandRecord>,
    also: readonly RegistryChange[],
  ): Promise<Made> {
    room.take(device);
    try {
      return await superseding([device], wanted, async () => {
        const record = make(device, wanted, by, more);
        const detail = `${record.name} ${record.id}`;
        const audit = { at: record.createdAt, by, action: 'command_created', subject: device.id, detail } as const;
        await store([device], [record], [{ type: 'audit', record: audit }, ...also]);
        return { id: record.id, bodyHash: record.bodyHash, record };
      });
    } finally {
      room.give(device);
    }
  }

  async function createOnce(
    device: Device,
    wanted: NewCommand,
    by: string,
    key: string,
    bodyHash: string,
    also: readonly RegistryChange[],
  ): Promise<Made> {
    const known = await options.readByKey(by, key);
    if (known !== null) return { ...known, record: null };
    return createNew(device, wanted, by, { idempotencyKey: key, bodyHash }, also);
  }

  return {
    async create(device, wanted, by, key, bodyHash, also = []) {
      if (key === null) return createNew(device, wanted, by, {}, also);
      const name = `${by} ${key}`;
      let made = creating.get(name);
      if (made === undefined) {
        made = createOnce(device, wanted, by, key, bodyHash, also).finally(() => creating.delete(name));
        creating.set(name, made);
      }
      const known = await made;
      if (known.bodyHash !== bodyHash)
        throw new CommandConflict('idempotency_conflict', `Idempotency-Key ${key} was used for another request`);
      return known;
    },

    async createMany(devices, wanted, by, batch, also) {
      for (const device of devices) room.takeForMember(device);
      try {
        await superseding(devices, wanted, async () => {
          const records = devices.map((device) => make(device, wanted, by, { batch }));
          await store(devices, records, also(records));
        });
      } finally {
        for (const device of devices) room.give(device);
      }
    },

    checkRoom: room.check,
    checkRoomForAll: room.checkForAll,

    check: (device, { name, params = {} }) => void rules.check(device.model, name, params, bytesFor(device)),

    hashOf: ({ id, key }, body) =>
      createHmac('sha256', options.hashKey)
        .update(JSON.stringify([id, key, body]))
        .digest('hex'),
  };
}
