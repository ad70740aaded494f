import type { BatchRecord, CommandChange } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { Creation, NewCommand } from './creation.js';
import { CommandError } from './errors.js';
import type { Member, RunningBatch } from './runningBatch.js';

/** Why the device does not take the command, as the JSON that is stored for its member; null: it takes it. */
export function refusalOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return JSON.stringify({ code: error.code, message: error.message });
  }
}

/**
 * Makes the commands of these members in one transaction. A member whose device would not take the command now gets an error
 * instead. If the transaction fails, the members wait again and the error is thrown.
 */
export async function makeCommands(
  running: RunningBatch,
  members: Member[],
  commands: Creation,
  deviceByKey: (key: number) => Device | undefined,
): Promise<void> {
  const { batch } = running;
  const wanted = commandOf(batch);
  const ready: Member[] = [];
  const devices: Device[] = [];
  const refused: CommandChange[] = [];
  for (const member of members) {
    const device = deviceByKey(member.deviceKey);
    const error = device === undefined ? removedText : refusalNow(commands, device, wanted);
    if (error !== null || device === undefined) {
      refused.push(memberChange(batch, member, null, error));
      continue;
    }
    ready.push(member);
    devices.push(device);
  }
  running.failures += refused.length;
  running.open += ready.length;
  try {
    await commands.createMany(devices, wanted, batch.by, batch.id, (records) => [
      ...records.map(({ id }, i) => memberChange(batch, ready[i], id, null)),
      ...refused,
    ]);
  } catch (error) {
    running.failures -= refused.length;
    running.open -= ready.length;
    running.waiting.unshift(...members);
    throw error;
  }
}

function refusalNow(commands: Creation, device: Device, wanted: NewCommand): string | null {
  return refusalOf(() => {
    commands.checkRoom(device);
    commands.check(device, wanted);
  });
}

function commandOf({ name, params, secrets, ttlMs, deadlineMs, supersedes }: BatchRecord): NewCommand {
  return {
    name,
    params,
    secrets,
    ...(ttlMs === null ? {} : { ttlMs }),
    ...(deadlineMs === null ? {} : { deadlineMs }),
    ...(supersedes === null ? {} : { supersedes }),
  };
}

function memberChange(
  { id }: BatchRecord,
  { position }: Member,
  command: string | null,
  error: string | null,
): CommandChange {
  return { type: 'batch_member', batch: id, position, command, error };
}

const removedText = JSON.stringify({ code: 'device_removed', message: 'The device was removed' });
