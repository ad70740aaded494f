import { uuidv7 } from 'uuidv7';
import type { Clock } from '../clock.js';
import type { BatchRecord, CommandChange, CommandRecord, RegistryChange } from '../store/calls.js';
import type { OpenBatch } from '../store/commandTables.js';
import type { Device } from '../types.js';
import { CommandConflict, type Commands, type NewCommand } from './commands.js';
import { failureStates, isFinal } from './lifecycle.js';
import { CommandError } from './rules.js';

/** Commands made in one transaction: a commit of telemetry waits for no more than this. */
const startedAtOnceMax = 250;
export const concurrencyDefault = 1_000;
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
  waiting: Member[];
  /** Commands without an end. */
  open: number;
  failures: number;
  starting: boolean;
}

export type Batches = ReturnType<typeof createBatches>;

/** One command for many devices: so many at a time, given up when too many fail, stopped and resumed. */
export function createBatches(options: {
  clock: Clock;
  commands: Commands;
  restored: OpenBatch[];
  /** Commands without an end that belong to a batch, at start. */
  openCommands: CommandRecord[];
  deviceByKey(key: number): Device | undefined;
  redact(name: string, params: Record<string, unknown>): Record<string, unknown>;
  save(changes: RegistryChange[]): Promise<void>;
  schedule(delayMs: number, run: () => void): void;
}) {
  const { clock, commands } = options;
  const running = new Map<string, RunningBatch>();
  for (const { batch, waiting, failures } of options.restored) {
    const open = options.openCommands.filter((command) => command.batch === batch.id).length;
    running.set(batch.id, { batch, waiting, open, failures, starting: false });
  }

  /** Members whose device would not take the command have an error instead of one. */
  async function create(devices: Device[], wanted: NewBatch, by: string): Promise<BatchRecord> {
    const { target, name, params = {}, concurrency, abortOnFailurePercent, ttlMs, deadlineMs, supersedes } = wanted;
    const batch: BatchRecord = {
      id: uuidv7(),
      name,
      params,
      target,
      state: 'running',
      total: devices.length,
      concurrency: concurrency ?? concurrencyDefault,
      abortOnFailurePercent: abortOnFailurePercent ?? null,
      ttlMs: ttlMs ?? null,
      deadlineMs: deadlineMs ?? null,
      supersedes: supersedes ?? null,
      createdAt: clock.now(),
      endedAt: null,
      by,
    };
    const members = devices.map((device) => ({
      deviceKey: device.key,
      device: device.id,
      error: refusalOf(device, wanted),
    }));
    await options.save([
      { type: 'put_batch', batch, members },
      {
        type: 'audit',
        record: {
          at: batch.createdAt,
          by,
          action: 'batch_created',
          subject: batch.id,
          detail: `${name} to ${devices.length} devices`,
        },
      },
    ]);
    const waiting = members.flatMap(({ error, ...member }, position) =>
      error === null ? [{ ...member, position }] : [],
    );
    const made: RunningBatch = { batch, waiting, open: 0, failures: members.length - waiting.length, starting: false };
    running.set(batch.id, made);
    void advance(made);
    return batch;
  }

  function refusalOf(device: Device, wanted: NewBatch): string | null {
    try {
      commands.check(device, wanted);
      return null;
    } catch (error) {
      if (error instanceof CommandError) return errorText(error);
      throw error;
    }
  }

  /** Starts what may be started, and ends the batch where nothing is left. */
  async function advance(one: RunningBatch): Promise<void> {
    if (one.starting || !running.has(one.batch.id)) return;
    one.starting = true;
    try {
      while (one.batch.state === 'running' && one.waiting.length > 0 && one.open < one.batch.concurrency) {
        const count = Math.min(startedAtOnceMax, one.batch.concurrency - one.open, one.waiting.length);
        await start(one, one.waiting.splice(0, count));
        if (tooManyFailed(one)) await end(one, 'aborted');
      }
      if (one.batch.state === 'running' && one.waiting.length === 0 && one.open === 0) await end(one, 'done');
    } catch {
      options.schedule(retryMs, () => void advance(one));
    } finally {
      one.starting = false;
    }
  }

  async function start(one: RunningBatch, members: Member[]): Promise<void> {
    const { batch } = one;
    const command: NewCommand = {
      name: batch.name,
      params: batch.params,
      ...(batch.ttlMs === null ? {} : { ttlMs: batch.ttlMs }),
      ...(batch.deadlineMs === null ? {} : { deadlineMs: batch.deadlineMs }),
      ...(batch.supersedes === null ? {} : { supersedes: batch.supersedes }),
    };
    const ready: { member: Member; device: Device }[] = [];
    const refused: CommandChange[] = [];
    for (const member of members) {
      const device = options.deviceByKey(member.deviceKey);
      const error =
        device === undefined
          ? errorText(new CommandError('command_undeclared', 'The device was removed'))
          : refusalNow(device, command);
      if (error === null && device !== undefined) ready.push({ member, device });
      else refused.push({ type: 'batch_member', batch: batch.id, position: member.position, command: null, error });
    }
    one.failures += refused.length;
    one.open += ready.length;
    try {
      await commands.createMany(
        ready.map(({ device }) => ({ device, command, more: { batch: batch.id } })),
        batch.by,
        (records) => [
          ...records.map(
            ({ id }, i): CommandChange => ({
              type: 'batch_member',
              batch: batch.id,
              position: ready[i].member.position,
              command: id,
              error: null,
            }),
          ),
          ...refused,
        ],
      );
    } catch (error) {
      one.failures -= refused.length;
      one.open -= ready.length;
      one.waiting.unshift(...members);
      throw error;
    }
  }

  function refusalNow(device: Device, command: NewCommand): string | null {
    try {
      commands.checkRoom(device, 1);
      commands.check(device, command);
      return null;
    } catch (error) {
      if (error instanceof CommandError) return errorText(error);
      throw error;
    }
  }

  function tooManyFailed({ batch, failures }: RunningBatch): boolean {
    return batch.abortOnFailurePercent !== null && failures * 100 > batch.abortOnFailurePercent * batch.total;
  }

  async function end(one: RunningBatch, state: 'aborted' | 'done'): Promise<void> {
    await moveTo(one, state, clock.now());
    if (one.open === 0) running.delete(one.batch.id);
  }

  async function moveTo(one: RunningBatch, state: BatchRecord['state'], endedAt: number | null): Promise<void> {
    one.batch.state = state;
    one.batch.endedAt = endedAt;
    // What is secret in the parameters goes with the end.
    const params = endedAt === null ? {} : { params: options.redact(one.batch.name, one.batch.params) };
    await options.save([{ type: 'batch_moved', id: one.batch.id, state, endedAt, ...params }]);
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
    create,
    /** No further command is made; those that are made go on. Throws CommandConflict. */
    stop: (id: string): Promise<void> => moveTo(need(id), 'stopped', null),
    async resume(id: string): Promise<void> {
      const one = need(id);
      await moveTo(one, 'running', null);
      void advance(one);
    },
    /** A command's state is on disk. */
    moved({ batch, state }: CommandRecord): void {
      const one = batch === null ? undefined : running.get(batch);
      if (one === undefined || !isFinal(state)) return;
      one.open--;
      if ((failureStates as readonly string[]).includes(state)) one.failures++;
      if (one.batch.state === 'running' && tooManyFailed(one)) void end(one, 'aborted').catch(() => {});
      else void advance(one);
      if (one.batch.endedAt !== null && one.open === 0) running.delete(one.batch.id);
    },
    runningCount: (): number => running.size,
  };
}

const errorText = ({ code, message }: CommandError): string => JSON.stringify({ code, message });
