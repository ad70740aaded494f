import { uuidv7 } from 'uuidv7';
import {
  type BatchRecord,
  type CommandChange,
  type CommandRecord,
  isFinal,
  type OpenBatch,
} from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import type { Commands } from './commands.js';
import type { NewCommand } from './creation.js';
import type { BatchGate } from './dispatcher.js';
import { CommandConflict, CommandError } from './errors.js';
import { failureStates } from './lifecycle.js';

/** Commands made in one transaction: a commit of telemetry waits for no more than this. */
const madeAtOnceMax = 250;

const concurrencyByDefault = 1_000;

const retryMs = 1_000;

export interface NewBatch extends NewCommand {
  target: object;
  concurrency?: number;
  abortOnFailurePercent?: number;
}

interface Member {
  position: number;
  deviceKey: number;
  device: string;
}

interface RunningBatch {
  batch: BatchRecord;
  /** Without a command yet. */
  waiting: Member[];
  /** Commands without an end. */
  open: number;
  /** Of them, those that are under way. */
  underWay: number;
  /** Devices whose command waits for room among them. */
  held: Set<number>;
  failures: number;
  making: boolean;
}

export type Batches = ReturnType<typeof createBatches>;

/**
 * One command for many devices. Each member gets its command at once, so that its time to live runs and its history shows it;
 * so many are under way at a time. A batch is given up when too many fail: what is queued of it is cancelled.
 */
export function createBatches(options: {
  clock: Clock;
  commands(): Commands;
  restored: OpenBatch[];
  /** Commands without an end, at start. */
  openCommands: CommandRecord[];
  deviceByKey(key: number): Device | undefined;
  redact(name: string, params: Record<string, unknown>): Record<string, unknown>;
  save(changes: RegistryChange[]): Promise<void>;
  schedule(delayMs: number, run: () => void): void;
}) {
  const { clock, commands, deviceByKey, save } = options;
  const running = new Map<string, RunningBatch>();
  for (const { batch, waiting, failures } of options.restored) {
    const own = options.openCommands.filter((command) => command.batch === batch.id);
    const underWay = own.filter(({ attempted }) => attempted).length;
    running.set(batch.id, {
      ...{ batch, waiting, failures, underWay },
      ...{ open: own.length, held: new Set(), making: false },
    });
  }

  const runs = (id: string): boolean => running.get(id)?.batch.state === 'running';

  const gate: BatchGate = {
    runs,
    take(id, deviceKey) {
      const one = running.get(id);
      if (one === undefined) return false;
      if (one.batch.state === 'running' && one.underWay < one.batch.concurrency) {
        one.underWay++;
        return true;
      }
      one.held.add(deviceKey);
      return false;
    },
    give(id) {
      const one = running.get(id);
      if (one === undefined) return;
      one.underWay--;
      letGo(one);
    },
  };

  /** Devices that were held back are asked again, as far as there is room. */
  function letGo(one: RunningBatch): void {
    for (const deviceKey of one.held) {
      if (one.batch.state !== 'running' || one.underWay >= one.batch.concurrency) return;
      one.held.delete(deviceKey);
      const device = deviceByKey(deviceKey);
      if (device !== undefined) commands().dispatch(device);
    }
  }

  /** Members whose device would not take the command have an error instead of one. Throws CommandError. */
  async function create(devices: Device[], wanted: NewBatch, by: string): Promise<BatchRecord> {
    commands().checkRoomForAll(devices.length);
    const batch: BatchRecord = {
      id: uuidv7(),
      name: wanted.name,
      params: wanted.params ?? {},
      target: wanted.target,
      state: 'running',
      total: devices.length,
      concurrency: wanted.concurrency ?? concurrencyByDefault,
      abortOnFailurePercent: wanted.abortOnFailurePercent ?? null,
      ttlMs: wanted.ttlMs ?? null,
      deadlineMs: wanted.deadlineMs ?? null,
      supersedes: wanted.supersedes ?? null,
      createdAt: clock.now(),
      endedAt: null,
      by,
    };
    const members = devices.map((device) => ({
      deviceKey: device.key,
      device: device.id,
      error: refusalOf(() => commands().check(device, wanted)),
    }));
    const detail = `${wanted.name} to ${devices.length} devices`;
    const audit = { at: batch.createdAt, by, action: 'batch_created', subject: batch.id, detail };
    await save([
      { type: 'put_batch', batch, members },
      { type: 'audit', record: audit },
    ]);
    const waiting = members.flatMap(({ error, ...member }, position) =>
      error === null ? [{ ...member, position }] : [],
    );
    const one: RunningBatch = {
      ...{ batch, waiting, failures: members.length - waiting.length },
      ...{ open: 0, underWay: 0, held: new Set<number>(), making: false },
    };
    running.set(batch.id, one);
    void advance(one);
    return batch;
  }

  /** Makes the commands that are not made yet, and ends the batch where nothing is left. */
  async function advance(one: RunningBatch): Promise<void> {
    if (one.making) return;
    one.making = true;
    try {
      if (tooManyFailed(one)) await abort(one);
      while (one.batch.state === 'running' && one.waiting.length > 0) {
        await make(one, one.waiting.splice(0, madeAtOnceMax));
        if (tooManyFailed(one)) await abort(one);
        else if (one.batch.endedAt !== null) cancelQueued(one);
      }
      if (one.batch.state === 'running' && one.open === 0) await moveTo(one, 'done', clock.now());
    } catch {
      options.schedule(retryMs, () => void advance(one));
    } finally {
      one.making = false;
      if (one.batch.endedAt !== null && one.open === 0) running.delete(one.batch.id);
    }
  }

  async function make(one: RunningBatch, members: Member[]): Promise<void> {
    const { batch } = one;
    const command = commandOf(batch);
    const ready: { member: Member; device: Device }[] = [];
    const refused: CommandChange[] = [];
    for (const member of members) {
      const device = deviceByKey(member.deviceKey);
      const error = device === undefined ? removedText : refusalNow(device, command);
      if (error === null && device !== undefined) ready.push({ member, device });
      else refused.push(memberChange(batch, member, null, error));
    }
    one.failures += refused.length;
    one.open += ready.length;
    try {
      const devices = ready.map(({ device }) => device);
      await commands().createMany(devices, command, batch.by, batch.id, (records) => [
        ...records.map(({ id }, i) => memberChange(batch, ready[i].member, id, null)),
        ...refused,
      ]);
    } catch (error) {
      one.failures -= refused.length;
      one.open -= ready.length;
      one.waiting.unshift(...members);
      throw error;
    }
  }

  const refusalNow = (device: Device, command: NewCommand): string | null =>
    refusalOf(() => {
      commands().checkRoom(device);
      commands().check(device, command);
    });

  function tooManyFailed({ batch, failures }: RunningBatch): boolean {
    const { state, abortOnFailurePercent, total } = batch;
    return state === 'running' && abortOnFailurePercent !== null && failures * 100 > abortOnFailurePercent * total;
  }

  /** Nothing more of it is sent from here on, whether that is on disk yet or not. */
  async function abort(one: RunningBatch): Promise<void> {
    const stored = moveTo(one, 'aborted', clock.now());
    cancelQueued(one);
    await stored;
  }

  const cancelQueued = ({ batch }: RunningBatch): void =>
    commands().cancelBatch(batch.id, 'too many of its batch failed');

  async function moveTo(one: RunningBatch, state: BatchRecord['state'], endedAt: number | null): Promise<void> {
    const before = { ...one.batch };
    one.batch.state = state;
    one.batch.endedAt = endedAt;
    // What is secret in the parameters goes with the end.
    const params = endedAt === null ? {} : { params: options.redact(one.batch.name, one.batch.params) };
    try {
      await save([{ type: 'batch_moved', id: one.batch.id, state, endedAt, ...params }]);
    } catch (error) {
      Object.assign(one.batch, before);
      throw error;
    }
  }

  function need(id: string): RunningBatch {
    const one = running.get(id);
    if (one === undefined || one.batch.endedAt !== null)
      throw new CommandConflict('already_ended', `Batch ${id} has ended`);
    return one;
  }

  // What was under way when the gateway ended goes on.
  options.schedule(0, () => {
    for (const one of [...running.values()]) void advance(one);
  });

  return {
    gate,
    create,
    /** Nothing more is made or sent; what is under way goes on. Throws CommandConflict. */
    stop: async (id: string): Promise<void> => moveTo(need(id), 'stopped', null),
    async resume(id: string): Promise<void> {
      const one = need(id);
      await moveTo(one, 'running', null);
      letGo(one);
      void advance(one);
    },
    /** A command's state is on disk. */
    moved({ batch, state, attempted }: CommandRecord): void {
      const one = batch === null ? undefined : running.get(batch);
      if (one === undefined || !isFinal(state)) return;
      one.open--;
      if ((failureStates as readonly string[]).includes(state)) one.failures++;
      if (tooManyFailed(one)) abort(one).catch(() => options.schedule(retryMs, () => void advance(one)));
      if (attempted) gate.give(one.batch.id);
      if (one.open === 0) void advance(one);
    },
    runningCount: (): number => running.size,
  };
}

function commandOf({ name, params, ttlMs, deadlineMs, supersedes }: BatchRecord): NewCommand {
  return {
    ...{ name, params },
    ...(ttlMs === null ? {} : { ttlMs }),
    ...(deadlineMs === null ? {} : { deadlineMs }),
    ...(supersedes === null ? {} : { supersedes }),
  };
}

const memberChange = (
  { id }: BatchRecord,
  { position }: Member,
  command: string | null,
  error: string | null,
): CommandChange => ({ type: 'batch_member', batch: id, position, command, error });

const removedText = JSON.stringify({ code: 'device_removed', message: 'The device was removed' });

/** Why not, as JSON; null where nothing speaks against it. */
function refusalOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return JSON.stringify({ code: error.code, message: error.message });
  }
}
