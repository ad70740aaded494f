import type { Member } from './fleet.js';
import { inParallel, type OperatorApi } from './operatorApi.js';
import { expectedReadings, type SimulatedFrame } from './simulatedDevice.js';

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
  /** There, and never sent. */
  invented: number;
  /** Of each kind the first few. */
  examples: string[];
}

const examplesMax = 10;
const parts: SimulatedFrame['part'][] = ['numeric', 'text'];

/** Reads every device's readings of this run back and compares them, value by value. */
export async function verifyFleet(api: OperatorApi, members: readonly Member[]): Promise<Verdict> {
  const verdict: Verdict = { expected: 0, found: 0, lost: 0, duplicated: 0, altered: 0, invented: 0, examples: [] };
  await inParallel(members, 4, (member) => verifyMember(api, member, verdict));
  return verdict;
}

/** A run in which nothing was acknowledged proves nothing, so it is not clean. */
export function isClean({ expected, lost, duplicated, altered, invented }: Verdict): boolean {
  return expected > 0 && lost + duplicated + altered + invented === 0;
}

async function verifyMember(api: OperatorApi, member: Member, verdict: Verdict): Promise<void> {
  const wanted = wantedOf(member);
  if (wanted.size === 0) return;
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { ts } of wanted.values()) {
    from = Math.min(from, ts);
    to = Math.max(to, ts);
  }
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

/** Everything the device sent, and whether it was acknowledged. What was not may be there or not. */
function wantedOf({ plan, index, sent, acked }: Member): Map<string, { ts: number; value: unknown; acked: boolean }> {
  const wanted = new Map<string, { ts: number; value: unknown; acked: boolean }>();
  for (const part of parts) {
    for (const dueAt of sent[part]) {
      for (const { metric, ts, value } of expectedReadings(plan, part, index, dueAt))
        wanted.set(`${metric} ${ts}`, { ts, value, acked: acked[part].has(dueAt) });
    }
  }
  return wanted;
}

function note(verdict: Verdict, kind: 'lost' | 'duplicated' | 'altered' | 'invented', example: string): void {
  verdict[kind]++;
  if (verdict.examples.length < examplesMax) verdict.examples.push(`${kind}: ${example}`);
}
