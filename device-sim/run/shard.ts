import { createOperatorApi, type OperatorApi, reasonOf } from '../api/operatorApi.js';
import type { Fleet } from '../fleet/fleet.js';
import { stageAt, type TimedPhase } from '../fleet/phases.js';
import { isTrait } from '../fleet/traits.js';
import { type Counts, createCounts, type Tally } from '../measure/counts.js';
import { befalls, scheduleFaults } from '../member/faults.js';
import { createMember, type Member, seatsOf, setClock, setRate } from '../member/members.js';
import { createSchedule, type Schedule } from '../member/schedule.js';
import { type Verdict, verifyFleet } from '../verify/verify.js';
import { type TimedCommandVerdict, verifyCommands } from '../verify/verifyCommands.js';
import { scheduleCommands } from './operatorLoad.js';

/** The part of a fleet that one process runs: a shard. */
export interface ShardOptions {
  fleet: Fleet;
  phases: TimedPhase[];
  /** The members [from, to) of the fleet. */
  from: number;
  to: number;
  /** By device id. */
  secrets: Map<string, string>;
  /** Unix ms at which the ramp begins, the same in all processes. */
  startedAt: number;
  url: string;
  key: string;
  deviceUrl: string;
  drainMs: number;
  verify: boolean;
}

/** How a shard is ended, and how it reports. */
export interface ShardHooks {
  /** Ends the load early. */
  stop: Promise<void>;
  /** About once a second, and whenever the stage changes. */
  progress(tally: Tally, stage: string): void;
  acked?(framesAcked: number): void;
}

/** The result of one shard. */
export interface ShardResult {
  tally: Tally;
  elapsedMs: number;
  verdict: Verdict | null;
  commands: TimedCommandVerdict | null;
  /** Why the verification was not possible; null: it was possible, or nobody asked for it. */
  unverified: string | null;
}

const tickMs = 5;

/** After this time the sockets get their turn, and the rest of what is due waits: a simulator that is late must not also be deaf. */
const turnMs = 20;

const progressEveryMs = 1_000;

/** If every attempt has failed for so long, the load ends: the address or the credentials are wrong, or there is no gateway. */
const connectsWithinMs = 5_000;

/** Runs the load on an open-loop schedule, waits for the last acks, and verifies. */
export async function runShard(options: ShardOptions, hooks: ShardHooks): Promise<ShardResult> {
  const { fleet, startedAt } = options;
  const api = createOperatorApi(options.url, options.key);
  const counts = createCounts();
  const schedule = createSchedule();
  const members = membersOf(options, counts, schedule, hooks);
  const { recover, unanswered } = plan(members, options, counts, schedule, api);
  const report = (stage: string): void => hooks.progress(counts.tally(connectedOf(members)), stage);
  const hopeless = (elapsed: number): boolean => elapsed >= connectsWithinMs && counts.connectsFail();
  const elapsedMs = await load(
    schedule,
    { ...options, rampMs: fleet.rampSeconds * 1000 },
    hooks.stop,
    report,
    hopeless,
  );
  report('drain');
  recover();
  // Without a single link in the whole run there are no acks to wait for.
  if (counts.hadLink()) await drain(members, unanswered, options.drainMs, () => report('drain'));
  const tally = counts.tally(connectedOf(members));
  const none = { verdict: null, commands: null, unverified: null };
  const stop = (): Promise<unknown> => Promise.all(members.map(({ device }) => device.stop()));
  let reporting: ReturnType<typeof setInterval> | undefined;
  try {
    if (!options.verify) return { tally, elapsedMs, ...none };
    report('verify');
    reporting = setInterval(report, progressEveryMs, 'verify');
    // Commands first: a final report that was lost with its link is only repeated while the device has a link.
    const commands = await verifyCommands(api, members, startedAt);
    await stop();
    return { tally, elapsedMs, commands, verdict: await verifyFleet(api, members, counts.verified), unverified: null };
  } catch (error) {
    return { tally, elapsedMs, ...none, unverified: reasonOf(error as Error) };
  } finally {
    clearInterval(reporting);
    await stop();
  }
}

function membersOf(
  { fleet, from, to, secrets, startedAt, deviceUrl }: ShardOptions,
  counts: Counts,
  schedule: Schedule,
  { acked }: ShardHooks,
): Member[] {
  const seats = seatsOf(fleet, startedAt);
  return seats.slice(from, to).map((seat) =>
    createMember(seat, {
      deviceUrl,
      secret: secrets.get(seat.id) as string,
      total: seats.length,
      seed: fleet.seed,
      schedule,
      counts,
      startedAt,
      acked,
    }),
  );
}

/** Puts everything that is known beforehand into the schedule. `recover` ends the faults that have not ended; `unanswered` counts requests for commands without an answer. */
function plan(
  members: readonly Member[],
  { fleet, phases, startedAt }: ShardOptions,
  counts: Counts,
  schedule: Schedule,
  api: OperatorApi,
): { recover(): void; unanswered(): number } {
  const { seed, faults, commands, groups, rampSeconds } = fleet;
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const from = startedAt + rampSeconds * 1000;
  for (const { device, index } of members)
    schedule.add(startedAt + (1000 * rampSeconds * index) / total, () => device.start());
  for (const { fromMs, rate } of phases)
    schedule.add(from + fromMs, (now) => {
      for (const member of members) setRate(member, rate, now);
    });
  for (const member of members) faults.forEach((fault, place) => giveTrait(fault, place, seed, member, counts));
  const unanswered =
    commands === null
      ? () => 0
      : scheduleCommands({ commands, share: members.length / total, seed, from, members, schedule, counts, api });
  const ends = members.map((member) => scheduleFaults(member, { faults, seed, from, schedule, counts, api }));
  return {
    recover() {
      for (const end of ends) end();
    },
    unanswered,
  };
}

function giveTrait(fault: Fleet['faults'][number], place: number, seed: number, member: Member, counts: Counts): void {
  if (!isTrait(fault) || !befalls(fault, place, seed, member)) return;
  counts.struck(fault.fault);
  setClock(member, fault.fault === 'no_clock' ? null : 1000 * (fault.skewSeconds ?? 60));
}

/** Runs the schedule. Resolves with the length of the load in ms. */
async function load(
  schedule: Schedule,
  { startedAt, rampMs, phases }: Pick<ShardOptions, 'startedAt' | 'phases'> & { rampMs: number },
  stop: Promise<void>,
  report: (stage: string) => void,
  hopeless: (elapsedMs: number) => boolean,
): Promise<number> {
  const untilMs = rampMs + phases[phases.length - 1].untilMs;
  let stopped = false;
  void stop.then(() => {
    stopped = true;
  });
  for (let reportedAt = 0; ; ) {
    const now = Date.now();
    const elapsed = now - startedAt;
    // What was due before the end is done, however late. Otherwise it would be missing from the measurement.
    const isDone = runTurn(schedule, Math.min(now, startedAt + untilMs));
    if (stopped || hopeless(elapsed) || (isDone && elapsed >= untilMs)) return Math.max(0, elapsed);
    if (elapsed - reportedAt >= progressEveryMs) {
      reportedAt = elapsed;
      report(stageAt(phases, elapsed - rampMs));
    }
    await new Promise((resolve) => (isDone ? setTimeout(resolve, tickMs) : setImmediate(resolve)));
  }
}

/** False if the turn ended before everything was done. */
function runTurn(schedule: Schedule, now: number): boolean {
  const endsAt = performance.now() + turnMs;
  return schedule.run(now, () => performance.now() < endsAt);
}

function connectedOf(members: readonly Member[]): number {
  return members.filter(({ device }) => device.state() === 'linked').length;
}

/** Waits for the last acks and answers, up to `drainMs`. Devices that were never started are not waited for. */
async function drain(
  members: readonly Member[],
  unanswered: () => number,
  drainMs: number,
  report: () => void,
): Promise<void> {
  const until = Date.now() + drainMs;
  let reportedAt = Date.now();
  const isWaiting = ({ device }: Member): boolean => device.state() !== 'idle' && device.unacked() > 0;
  while (Date.now() < until && (unanswered() > 0 || members.some(isWaiting))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (Date.now() - reportedAt < progressEveryMs) continue;
    reportedAt = Date.now();
    report();
  }
}
