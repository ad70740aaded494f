import type { Member } from './members.js';
import { inParallel, type OperatorApi } from './operatorApi.js';
import { expectedReadings, parts } from './simulatedDevice.js';

/** What came of comparing every acknowledged reading with what the gateway holds. */
export interface Verdict {
  /** Readings of acknowledged frames. */
  expected: number;
  /** Readings read back. */
  found: number;
  /** Acknowledged, and not there. */
  lost: number;
  /** There more than once. */
  duplicated: number;
  /** There with another value. */
  altered: number;
  /** There, and never sent, or refused. */
  invented: number;
  /** Of each kind the first few. */
  examples: string[];
}

type Fault = 'lost' | 'duplicated' | 'altered' | 'invented';

const examplesMaxOfEach = 5;
const devicesAtOnce = 4;

/** What a device knows of itself, and so all that verification goes by. */
export type Witnessed = Pick<Member, 'id' | 'index' | 'plan' | 'witness'>;

/** Reads every device's readings of this run back and compares them, value by value. */
export async function verifyFleet(api: Pick<OperatorApi, 'readings'>, members: readonly Witnessed[]): Promise<Verdict> {
  const verdict: Verdict = { expected: 0, found: 0, lost: 0, duplicated: 0, altered: 0, invented: 0, examples: [] };
  await inParallel(members, devicesAtOnce, (member) => verifyMember(api, member, verdict));
  return verdict;
}

/** A run in which nothing was acknowledged proves nothing. */
export function isClean({ expected, lost, duplicated, altered, invented }: Verdict): boolean {
  return expected > 0 && lost + duplicated + altered + invented === 0;
}

async function verifyMember(api: Pick<OperatorApi, 'readings'>, member: Witnessed, verdict: Verdict): Promise<void> {
  const { wanted, from, to } = wantedOf(member);
  if (from > to) return;
  const seen = new Set<string>();
  for await (const { metric, ts, value } of api.readings(member.id, from, to + 1)) {
    verdict.found++;
    const identity = `${metric} ${ts}`;
    const want = wanted.get(identity);
    if (seen.has(identity)) note(verdict, 'duplicated', `${member.id} ${identity}`);
    else if (want === undefined) note(verdict, 'invented', `${member.id} ${identity} = ${value}`);
    else if (want.value !== value)
      note(verdict, 'altered', `${member.id} ${identity}: sent ${want.value}, found ${value}`);
    seen.add(identity);
  }
  for (const [identity, { acked }] of wanted) {
    if (!acked) continue;
    verdict.expected++;
    if (!seen.has(identity)) note(verdict, 'lost', `${member.id} ${identity}`);
  }
}

interface Wanted {
  value: number | string | boolean;
  acked: boolean;
}

/**
 * Everything the device sent that was not refused, and whether it was acknowledged: what was not may be there or not.
 * What was refused is in quarantine, and must not be there.
 */
function wantedOf({ plan, index, witness }: Witnessed): { wanted: Map<string, Wanted>; from: number; to: number } {
  const wanted = new Map<string, Wanted>();
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const part of parts) {
    for (const { dueAt, pace, state } of witness.frames(part)) {
      for (const { metric, ts, value } of expectedReadings(plan, part, index, dueAt, pace)) {
        from = Math.min(from, ts);
        to = Math.max(to, ts);
        if (state !== 'nacked') wanted.set(`${metric} ${ts}`, { value, acked: state === 'acked' });
      }
    }
  }
  return { wanted, from, to };
}

function note(verdict: Verdict, fault: Fault, example: string): void {
  if (++verdict[fault] <= examplesMaxOfEach) verdict.examples.push(`${fault}: ${example}`);
}
