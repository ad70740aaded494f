import type { CommandBody } from '../../schemas/generated/operator.js';
import { inParallel, type OperatorApi } from '../api/operatorApi.js';
import { mergedCounts } from '../measure/counts.js';
import { record as addLatency, createLatencies, type Latencies, percentileMs, sumOf } from '../measure/latencies.js';
import type { WitnessedCommand } from '../member/commandWitness.js';
import type { Member } from '../member/members.js';

/** The result of comparing each command's record at the gateway with its device's own record. */
export interface CommandVerdict {
  checked: number;
  /** How often a device ran a command. */
  runs: number;
  /** The gateway shows a state that the device did not report. */
  further: number;
  /** Run more than once, although its action must not run twice. */
  twice: number;
  /** The gateway shows it as never sent, and it came to the device. */
  denied: number;
  /** The device reported a final state and is connected, and the gateway still waits. */
  stuck: number;
  /** It came to the device, and the gateway has no record of it. */
  unknown: number;
  /** The number of commands in each state, at the gateway. */
  byState: Record<string, number>;
  /** The first few of each kind. */
  examples: string[];
}

/** A verdict with the times from the creation to the device's final report, by the gateway's clock. */
export interface TimedCommandVerdict extends CommandVerdict {
  done: Latencies;
}

/** The verdict of a whole fleet. */
export interface FleetCommandVerdict extends CommandVerdict {
  doneP50Ms: number;
  doneP99Ms: number;
}

const faults = ['further', 'twice', 'denied', 'stuck', 'unknown'] as const;
type Fault = (typeof faults)[number];

const statesOfDevices = new Set(['received', 'running', 'succeeded', 'failed', 'rejected']);
const finalStates = new Set(['succeeded', 'failed', 'rejected']);
const openStates = new Set(['queued', 'sent', 'received', 'running']);
const neverSent = new Set(['queued', 'expired', 'cancelled', 'superseded', 'device_removed']);

const examplesMaxOfEach = 5;
const devicesAtOnce = 8;
/** A final report that is on its way gets this many tries to arrive. */
const settleTries = 20;
const settleEveryMs = 250;

/** Whether nothing was wrong with any command. */
export function commandsAreClean(verdict: CommandVerdict): boolean {
  return faults.every((fault) => verdict[fault] === 0);
}

/** Everything that is wrong between a record of the gateway and what the device saw; either may be missing. */
export function faultsOfCommand(
  record: Pick<CommandBody, 'state'> | undefined,
  seen: WitnessedCommand | undefined,
): Fault[] {
  const { came, runs, said, repeatable } = seen ?? { came: 0, runs: 0, said: [], repeatable: true };
  const state = record?.state;
  const found: Record<Fault, boolean> = {
    further: state !== undefined && statesOfDevices.has(state) && !said.some((word) => word === state),
    twice: runs > 1 && !repeatable,
    denied: state !== undefined && neverSent.has(state) && came > 0,
    stuck: state !== undefined && openStates.has(state) && said.some((word) => finalStates.has(word)),
    unknown: record === undefined && came > 0,
  };
  return faults.filter((fault) => found[fault]);
}

export type CommandedMember = Pick<Member, 'id' | 'commands'> & {
  device: Pick<Member['device'], 'state' | 'serverNow'>;
};

const noVerdict = (): TimedCommandVerdict => ({
  checked: 0,
  runs: 0,
  further: 0,
  twice: 0,
  denied: 0,
  stuck: 0,
  unknown: 0,
  done: createLatencies(),
  byState: {},
  examples: [],
});

/** Compares the commands of every device that were created since `startedAt`, Unix ms by this machine's clock. */
export async function verifyCommands(
  api: Pick<OperatorApi, 'commands'>,
  members: readonly CommandedMember[],
  startedAt: number,
): Promise<TimedCommandVerdict> {
  const verdict = noVerdict();
  await inParallel(members, devicesAtOnce, async (member) => {
    const records = await settledRecords(api, member, startedAt);
    const seen = member.commands.commands();
    for (const id of new Set([...records.keys(), ...seen.keys()]))
      note(verdict, `${member.id} ${id}`, records.get(id), seen.get(id));
  });
  return verdict;
}

type Records = Map<string, CommandBody>;

/** The records, when no final report is on its way any more, or after a while. A device without a link cannot report. */
async function settledRecords(
  api: Pick<OperatorApi, 'commands'>,
  { id, device, commands }: CommandedMember,
  startedAt: number,
): Promise<Records> {
  const since = startedAt + device.serverNow() - Date.now();
  for (let attempt = 1; ; attempt++) {
    const records: Records = new Map();
    for await (const record of api.commands(id, since)) records.set(record.id, record);
    const seen = commands.commands();
    const isStuck = [...records].some(([key, record]) => faultsOfCommand(record, seen.get(key)).includes('stuck'));
    if (!isStuck || device.state() !== 'linked' || attempt === settleTries) return records;
    await new Promise((resolve) => setTimeout(resolve, settleEveryMs));
  }
}

function note(
  verdict: TimedCommandVerdict,
  where: string,
  record: CommandBody | undefined,
  seen: WitnessedCommand | undefined,
): void {
  const state = record?.state ?? 'no record';
  verdict.checked++;
  verdict.runs += seen?.runs ?? 0;
  verdict.byState[state] = (verdict.byState[state] ?? 0) + 1;
  if (record !== undefined && record.endedAt !== null && statesOfDevices.has(record.state))
    addLatency(verdict.done, record.endedAt - record.createdAt);
  for (const fault of faultsOfCommand(record, seen)) {
    const saw =
      seen === undefined ? 'nothing' : `came ${seen.came} ×, run ${seen.runs} ×, said ${seen.said.join(', ')}`;
    if (++verdict[fault] <= examplesMaxOfEach)
      verdict.examples.push(`${fault}: ${where} is ${state}; its device: ${saw}`);
  }
}

/** The verdict of a fleet from those of its parts. */
export function mergedCommandVerdict(verdicts: readonly TimedCommandVerdict[]): FleetCommandVerdict {
  const { done: _, ...merged } = noVerdict();
  const done = sumOf(verdicts.map((verdict) => verdict.done));
  for (const verdict of verdicts) {
    merged.checked += verdict.checked;
    merged.runs += verdict.runs;
    for (const fault of faults) merged[fault] += verdict[fault];
    merged.examples.push(...verdict.examples);
  }
  merged.byState = mergedCounts(verdicts.map(({ byState }) => byState));
  merged.examples.splice(examplesMaxOfEach * faults.length);
  return { ...merged, doneP50Ms: percentileMs(done, 50), doneP99Ms: percentileMs(done, 99) };
}
