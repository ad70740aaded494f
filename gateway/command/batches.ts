import { uuidv7 } from 'uuidv7';
import { type BatchRecord, type CommandRecord, type CommandState, isFinal, type OpenBatch } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import { createBatchGate } from './batchGate.js';
import { makeCommands, refusalOf } from './batchMembers.js';
import { type Commands, tooManyFailed } from './commands.js';
import type { NewCommand } from './creation.js';
import type { BatchGate } from './dispatcher.js';
import { CommandConflict } from './errors.js';
import { failureStates } from './lifecycle.js';
import type { CommandRules } from './rules.js';
import { RunningBatch } from './runningBatch.js';

/** Commands that are made in one transaction: a commit of telemetry never waits for more than these. */
const madeAtOnceMax = 250;

const concurrencyByDefault = 1_000;

const retryMs = 1_000;

/** A batch as it is asked for. */
export interface NewBatch extends NewCommand {
  /** How the devices were chosen, as the request said; it is stored and shown, and nothing else. */
  target: object;
  /** Commands under way at a time. */
  concurrency?: number;
  /** If more than this share of all members fails, the batch is aborted. */
  abortOnFailurePercent?: number;
}

/**
 * One command for many devices. Each member's command is created at once, so that its time to live starts and its history shows
 * it; `concurrency` of them are under way at a time. If too many fail, the batch is aborted: its queued commands are cancelled.
 */
export interface Batches {
  /** Lets the dispatcher ask whether a command of a batch may be sent. */
  gate: BatchGate;
  /**
   * Creates a batch for these devices. A device that would not take the command gets an error instead of a command. Throws
   * CommandError too_many_commands.
   */
  create(devices: Device[], wanted: NewBatch, by: string): Promise<BatchRecord>;
  /** Makes and sends no more commands; those under way continue. Throws CommandConflict already_ended. */
  stop(id: string, by: string): Promise<void>;
  /** Continues a stopped batch. Throws CommandConflict already_ended. */
  resume(id: string, by: string): Promise<void>;
  /** Called when the state of a command is on disk. */
  moved(command: CommandRecord): void;
  /** Batches that have not ended, and ended ones with commands under way. */
  runningCount(): number;
  /** Members whose command is not made yet. */
  waitingCount(): number;
}

export interface BatchesOptions {
  clock: Clock;
  /** Commands and batches need each other, so the commands are asked for later than here. */
  commands(): Commands;
  /** Batches that had not ended when the gateway stopped. */
  restored: OpenBatch[];
  /** All commands that had no end when the gateway stopped. */
  openCommands: CommandRecord[];
  /** The device with this key, unless it was removed. */
  deviceByKey(key: number): Device | undefined;
  rules: Pick<CommandRules, 'redact' | 'secretsIn'>;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  schedule(delayMs: number, run: () => void): void;
}

export function createBatches(options: BatchesOptions): Batches {
  const { clock, commands, deviceByKey, rules, save, schedule } = options;
  const running = new Map<string, RunningBatch>();
  /** Members of batches that are on their way to the disk. */
  let beingStored = 0;
  for (const { batch, waiting, failures } of options.restored) {
    const own = options.openCommands.filter((command) => command.batch === batch.id);
    running.set(batch.id, new RunningBatch(batch, waiting, failures, own));
  }
  const gate = createBatchGate(running, (deviceKey) => {
    const device = deviceByKey(deviceKey);
    if (device !== undefined) commands().dispatch(device);
  });

  /** Makes the commands that are not made yet, and ends the batch if nothing is left. */
  async function advance(current: RunningBatch): Promise<void> {
    if (current.making) return;
    current.making = true;
    try {
      if (current.tooManyFailed) await abort(current);
      while (current.runs && current.waiting.length > 0) {
        await makeCommands(current, current.waiting.splice(0, madeAtOnceMax), commands(), deviceByKey);
        if (current.tooManyFailed) await abort(current);
        else if (current.hasEnded) cancelQueued(current);
      }
      if (current.runs && current.open === 0) await moveTo(current, 'done', clock.now());
    } catch {
      advanceLater(current);
    } finally {
      current.making = false;
      if (current.hasEnded && current.open === 0) running.delete(current.batch.id);
    }
  }

  const advanceLater = (current: RunningBatch): void => schedule(retryMs, () => void advance(current));

  /** From here on no command of the batch is sent, even before that is on disk. */
  async function abort(current: RunningBatch): Promise<void> {
    const stored = moveTo(current, 'aborted', clock.now());
    cancelQueued(current);
    await stored;
  }

  const cancelQueued = ({ batch }: RunningBatch): void => commands().cancelBatch(batch.id, tooManyFailed);

  /** Changes the state at once, and back if it cannot be stored and no later change has come. */
  async function moveTo(
    { batch, stored }: RunningBatch,
    state: BatchRecord['state'],
    endedAt: number | null,
    also: readonly RegistryChange[] = [],
  ): Promise<void> {
    batch.state = state;
    batch.endedAt = endedAt;
    // With the end of the batch its secret parameters are blacked out on disk.
    const params = endedAt === null ? {} : { params: rules.redact(batch) };
    try {
      await save([{ type: 'batch_moved', id: batch.id, state, endedAt, ...params }, ...also]);
      Object.assign(stored, { state, endedAt });
    } catch (error) {
      if (batch.state === state) Object.assign(batch, stored);
      throw error;
    }
  }

  /** Sends what could not be sent while the batch was stopped, and makes what was not made. */
  function goOn(current: RunningBatch): void {
    if (!current.tooManyFailed) gate.release(current);
    void advance(current);
  }

  const audited = (by: string, action: 'batch_stopped' | 'batch_resumed', subject: string): RegistryChange[] => [
    { type: 'audit', record: { at: clock.now(), by, action, subject, detail: null } },
  ];

  function need(id: string): RunningBatch {
    const found = running.get(id);
    if (found === undefined || found.hasEnded) throw new CommandConflict('already_ended', `Batch ${id} has ended`);
    return found;
  }

  // Batches that were under way when the gateway stopped continue.
  schedule(0, () => {
    for (const current of [...running.values()]) void advance(current);
  });

  return {
    gate,

    async create(devices, wanted, by) {
      commands().checkRoomForAll(devices.length);
      const secrets = rules.secretsIn(wanted.name, wanted.params ?? {});
      const batch = { ...newBatch(wanted, devices.length, by, clock.now()), secrets };
      const members = devices.map((device) => ({
        deviceKey: device.key,
        device: device.id,
        error: refusalOf(() => commands().check(device, wanted)),
      }));
      beingStored += devices.length;
      try {
        await save([{ type: 'put_batch', batch, members }, creationAudited(batch)]);
      } finally {
        beingStored -= devices.length;
      }
      const waiting = members.flatMap(({ error, ...member }, position) =>
        error === null ? [{ ...member, position }] : [],
      );
      const created = new RunningBatch(batch, waiting, members.length - waiting.length);
      running.set(batch.id, created);
      void advance(created);
      return batch;
    },

    async stop(id, by) {
      const current = need(id);
      try {
        await moveTo(current, 'stopped', null, audited(by, 'batch_stopped', id));
      } catch (error) {
        goOn(current);
        throw error;
      }
    },

    async resume(id, by) {
      const current = need(id);
      await moveTo(current, 'running', null, audited(by, 'batch_resumed', id));
      goOn(current);
    },

    moved({ batch, state, attempted }) {
      const current = batch === null ? undefined : running.get(batch);
      if (current === undefined || !isFinal(state)) return;
      current.open--;
      if (isFailure(state)) current.failures++;
      if (current.tooManyFailed) abort(current).catch(() => advanceLater(current));
      if (attempted) gate.give(current.batch.id);
      if (current.open === 0) void advance(current);
    },

    runningCount: () => running.size,

    waitingCount() {
      let count = beingStored;
      for (const current of running.values()) if (!current.hasEnded) count += current.waiting.length;
      return count;
    },
  };
}

function newBatch(wanted: NewBatch, total: number, by: string, now: number): Omit<BatchRecord, 'secrets'> {
  return {
    id: uuidv7(),
    name: wanted.name,
    params: wanted.params ?? {},
    target: wanted.target,
    state: 'running',
    total,
    concurrency: wanted.concurrency ?? concurrencyByDefault,
    abortOnFailurePercent: wanted.abortOnFailurePercent ?? null,
    ttlMs: wanted.ttlMs ?? null,
    deadlineMs: wanted.deadlineMs ?? null,
    supersedes: wanted.supersedes ?? null,
    createdAt: now,
    endedAt: null,
    by,
  };
}

function creationAudited({ id, name, total, createdAt, by }: BatchRecord): RegistryChange {
  const detail = `${name} to ${total} devices`;
  return { type: 'audit', record: { at: createdAt, by, action: 'batch_created', subject: id, detail } };
}

const isFailure = (state: CommandState): boolean => failureStates.some((failure) => failure === state);
