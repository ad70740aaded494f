/**
 * verify/ compares what the devices of a fleet sent and what was acknowledged with what the gateway returns, value by value. It
 * sends nothing.
 */
import { inParallel, type OperatorApi } from '../api/operatorApi.js';
import { expectedReadings, parts } from '../fleet/plan.js';
import type { Member } from '../member/members.js';

/** The result of comparing every acknowledged reading with what the gateway has stored. */
export interface Verdict {
  /** Readings of acknowledged frames. */
  expected: number;
  /** Readings read back. */
  found: number;
  /** Acknowledged and not stored. */
  lost: number;
  /** Stored more than once. */
  duplicated: number;
  /** Stored with another value. */
  altered: number;
  /** Stored although it was never sent, or although it was refused. */
  invented: number;
  /** Returned by the gateway in the wrong order of times. */
  misordered: number;
  /** The first few of each kind. */
  examples: string[];
}

const faults = ['lost', 'duplicated', 'altered', 'invented', 'misordered'] as const;
type Fault = (typeof faults)[number];

const noVerdict = (): Verdict => ({
  expected: 0,
  found: 0,
  lost: 0,
  duplicated: 0,
  altered: 0,
  invented: 0,
  misordered: 0,
  examples: [],
});

const examplesMaxOfEach = 5;
const devicesAtOnce = 4;

/** The part of a member that the verification uses. */
export type Witnessed = Pick<Member, 'id' | 'index' | 'plan' | 'witness'>;

/** Reads back every device's readings of this run and compares them, value by value. `verified` is called after each device. */
export async function verifyFleet(
  api: Pick<OperatorApi, 'readings'>,
  members: readonly Witnessed[],
  verified?: () => void,
): Promise<Verdict> {
  const verdict = noVerdict();
  await inParallel(members, devicesAtOnce, async (member) => {
    await verifyMember(api, member, verdict);
    verified?.();
  });
  return verdict;
}

/** Whether nothing was wrong. A run in which nothing was acknowledged proves nothing, so it is not clean. */
export function isClean(verdict: Verdict): boolean {
  return verdict.expected > 0 && faults.every((fault) => verdict[fault] === 0);
}

async function verifyMember(api: Pick<OperatorApi, 'readings'>, member: Witnessed, verdict: Verdict): Promise<void> {
  const wanted = wantedOf(member);
  const lastAt = new Map<string, number>();
  for (const [from, to] of wanted.ranges) {
    for await (const { metric, ts, value } of api.readings(member.id, from, to + 1)) {
      verdict.found++;
      if (ts < (lastAt.get(metric) ?? 0)) note(verdict, 'misordered', `${member.id} ${metric} ${ts}`);
      lastAt.set(metric, ts);
      const fault = wanted.compare(metric, ts, value);
      if (fault !== null) note(verdict, fault.kind, `${member.id} ${metric} ${ts}${fault.detail}`);
    }
  }
  const { acked, missing } = wanted.rest();
  verdict.expected += acked;
  for (const identity of missing) note(verdict, 'lost', `${member.id} ${identity}`);
}

type Value = number | string | boolean;

interface Wanted {
  /** More than one value if two frames that may both be stored share a time. The first stored one wins. */
  values: Value[];
  acked: boolean;
  seen: boolean;
}

/** A value without a known time: how often it was acknowledged, how often it may be stored, and how often it was found. */
interface Tally {
  acked: number;
  possible: number;
  found: number;
}

/** The readings that a device sent, for a comparison with those of the gateway. */
interface WantedReadings {
  /** The times to read, as [first, last]. */
  ranges: [number, number][];
  /** What is wrong with a reading of the gateway; null: nothing. */
  compare(metric: string, ts: number, value: Value): { kind: Fault; detail: string } | null;
  /** After every comparison: how many readings were acknowledged, and which of them were not found. */
  rest(): { acked: number; missing: string[] };
}

/**
 * Everything that the device sent and that was not refused. A reading that was not acknowledged may be stored or not. A refused one
 * is in quarantine and must not be stored. Readings of a device without a clock are known by their values only.
 */
function wantedOf({ plan, index, witness }: Witnessed): WantedReadings {
  const timed = new Map<string, Wanted>();
  const untimed = new Map<string, Tally>();
  const times: number[] = [];
  for (const part of parts) {
    for (const { dueAt, pace, state } of witness.frames(part)) {
      for (const { metric, ts, value } of expectedReadings(plan, part, index, dueAt, pace)) {
        times.push(ts);
        if (state === 'nacked') continue;
        if (pace.skewMs === null) countValue(untimed, `${metric} ${value}`, state === 'acked');
        else want(timed, `${metric} ${ts}`, value, state === 'acked');
      }
    }
  }

  function compareUntimed(metric: string, value: Value): { kind: Fault; detail: string } | null {
    const tally = untimed.get(`${metric} ${value}`);
    if (tally === undefined) return { kind: 'invented', detail: ` = ${value}` };
    return ++tally.found > tally.possible ? { kind: 'duplicated', detail: ` = ${value}` } : null;
  }

  return {
    // If the device has no clock, the gateway's times are somewhat later than the device's.
    ranges: rangesOf(times, untimed.size > 0 ? clocklessMarginMs : 0),

    compare(metric, ts, value) {
      const known = timed.get(`${metric} ${ts}`);
      if (known === undefined) return compareUntimed(metric, value);
      const wasSeen = known.seen;
      known.seen = true;
      if (wasSeen) return { kind: 'duplicated', detail: '' };
      if (known.values.includes(value)) return null;
      return { kind: 'altered', detail: `: sent ${known.values.join(' or ')}, found ${value}` };
    },

    rest() {
      const missing: string[] = [];
      let acked = 0;
      for (const [identity, wanted] of timed) {
        if (!wanted.acked) continue;
        acked++;
        if (!wanted.seen) missing.push(identity);
      }
      for (const [identity, tally] of untimed) {
        acked += tally.acked;
        for (let n = tally.found; n < tally.acked; n++) missing.push(identity);
      }
      return { acked, missing };
    },
  };
}

const clocklessMarginMs = 60_000;

function want(timed: Map<string, Wanted>, identity: string, value: Value, acked: boolean): void {
  const before = timed.get(identity);
  if (before === undefined) timed.set(identity, { values: [value], acked, seen: false });
  else if (!before.acked) {
    before.values.push(value);
    before.acked = acked;
  }
}

function countValue(untimed: Map<string, Tally>, identity: string, acked: boolean): void {
  const tally = untimed.get(identity) ?? { acked: 0, possible: 0, found: 0 };
  untimed.set(identity, { ...tally, acked: tally.acked + (acked ? 1 : 0), possible: tally.possible + 1 });
}

/** A pause of this length begins another range: after a jump of the clock the times are far away. */
const pauseMs = 600_000;

/** Ranges [first, last] of times that are close together. */
function rangesOf(times: number[], marginMs: number): [number, number][] {
  const ranges: [number, number][] = [];
  for (const ts of times.sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last === undefined || ts - last[1] > pauseMs) ranges.push([ts, ts]);
    else last[1] = ts;
  }
  return ranges.map(([from, to]) => [from, to + marginMs]);
}

function note(verdict: Verdict, fault: Fault, example: string): void {
  if (++verdict[fault] <= examplesMaxOfEach) verdict.examples.push(`${fault}: ${example}`);
}

/** The verdict of a fleet from those of its parts. */
export function mergedVerdict(verdicts: readonly Verdict[]): Verdict {
  const merged = noVerdict();
  for (const verdict of verdicts) {
    merged.expected += verdict.expected;
    merged.found += verdict.found;
    for (const fault of faults) merged[fault] += verdict[fault];
    merged.examples.push(...verdict.examples);
  }
  merged.examples.splice(examplesMaxOfEach * faults.length);
  return merged;
}
