import type { FleetCommands } from '../../schemas/generated/config.js';
import type { OperatorApi } from '../api/operatorApi.js';
import { uniform } from '../fleet/signals.js';
import type { Counts } from '../measure/counts.js';
import type { Member } from '../member/members.js';
import type { Schedule } from '../member/schedule.js';

/** What the commands of a fleet are made from. */
export interface OperatorLoad {
  commands: FleetCommands;
  /** The share of all devices that is in this process, in (0, 1]. */
  share: number;
  seed: number;
  /** Unix ms of the first command. */
  from: number;
  members: readonly Member[];
  schedule: Schedule;
  counts: Counts;
  api: Pick<OperatorApi, 'send'>;
}

/**
 * Asks for commands at a steady rate, each for a device of this process that the seed chooses, whether answers come or not. Returns a
 * function that counts the requests without an answer.
 */
export function scheduleCommands(load: OperatorLoad): () => number {
  const { commands, share, seed, from, members, schedule, counts, api } = load;
  const everyMs = 1000 / (commands.perSecond * share);
  let unanswered = 0;
  const salt = seed + (members[0]?.index ?? 0);

  function create(n: number): void {
    const { id } = members[Math.floor(uniform(salt + 5_003, 0, n) * members.length)];
    const { name, params = {} } = commands.mix[Math.floor(uniform(salt + 5_009, 0, n) * commands.mix.length)];
    const { ttlSeconds, deadlineSeconds } = commands;
    counts.created();
    unanswered++;
    void api
      .send(id, { name, params, ttlSeconds, deadlineSeconds })
      .then((status) => status < 300 || counts.error(`command HTTP ${status}`))
      .catch((error: Error & { cause?: { code?: string } }) =>
        counts.error(`command ${error.cause?.code ?? error.message}`),
      )
      .finally(() => unanswered--);
  }

  const at = (n: number): number => Math.ceil(from + n * everyMs);
  const next = (n: number): void =>
    schedule.add(at(n), () => {
      create(n);
      next(n + 1);
    });
  next(0);
  return () => unanswered;
}
