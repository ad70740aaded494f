import type { FleetFault } from '../../schemas/generated/config.js';
import type { OperatorApi } from '../api/operatorApi.js';
import { uniform } from '../fleet/signals.js';
import { isTrait } from '../fleet/traits.js';
import type { Counts } from '../measure/counts.js';
import { excuse, type Member, setClock } from './members.js';
import type { Schedule } from './schedule.js';

/** A simulated fault that strikes a member: what it may use, and how long it lasts. */
interface Strike {
  member: Member;
  fault: FleetFault;
  ms: number;
  api: Pick<OperatorApi, 'newSecret'>;
  counts: Counts;
}

/** Strikes. If it returns a function, that function ends the fault. */
type Harm = (strike: Strike) => unknown;

/** The name of a simulated fault. */
export type FaultName = FleetFault['fault'];

/** Text that no device of the contract would send. */
const malformedText = ['{"seq":', '[]', '{"type":"later"}', '{"seq":1.5,"values":{}}', 'ÿ'];

/** What each simulated fault does to a device. */
export const harms: Record<FaultName, Harm> = {
  drop_link: ({ member }) => member.device.drop(),
  half_open: ({ member, ms }) => member.device.link()?.halfOpen(ms),
  black_hole({ member }) {
    const link = member.device.link();
    link?.mute(true);
    return () => link?.mute(false);
  },
  slow_reader({ member }) {
    const link = member.device.link();
    link?.reading(false);
    return () => link?.reading(true);
  },
  offline({ member, ms }) {
    member.device.sleep(ms);
    return () => member.device.wake();
  },
  outage({ member, ms }) {
    member.device.outage(ms);
    return () => member.device.wake();
  },
  reboot_forgetting({ member, ms }) {
    member.device.reboot(ms);
    return () => member.device.wake();
  },
  repeated_seq: ({ member }) => sayNumbered(member, member.device.ackedSeq()),
  descending_seq: ({ member }) => sayNumbered(member, Math.ceil(member.device.ackedSeq() / 2)),
  malformed({ member }) {
    const link = member.device.link();
    for (const text of malformedText) link?.send(text);
    link?.send(Uint8Array.of(1, 1, 1, 1, 0));
  },
  clock_jump: ({ member, fault }) => setClock(member, (member.pace.skewMs ?? 0) + skewOf(fault)),
  clock_skew: ({ member, fault }) => setClock(member, skewOf(fault)),
  no_clock: ({ member }) => setClock(member, null),
  rotate_secret({ member, ms, api, counts }) {
    void api.newSecret(member.id, Math.ceil(ms / 1000)).then(
      (secret) => member.device.rotate(secret),
      () => counts.error('no new secret'),
    );
  },
};

/** The faults that end a link, at once or because the gateway must end it. */
const endsLink: ReadonlySet<FaultName> = new Set([
  'drop_link',
  'half_open',
  'black_hole',
  'slow_reader',
  'offline',
  'outage',
  'reboot_forgetting',
  'malformed',
  'repeated_seq',
  'descending_seq',
  'rotate_secret',
]);

const skewOf = ({ skewSeconds = 60 }: FleetFault): number => Math.round(1000 * skewSeconds);

/** The gateway must refuse this frame. If it stored it, the verification would find it, because no device has this metric. */
function sayNumbered({ device }: Member, seq: number): void {
  if (seq > 0) device.link()?.send(JSON.stringify({ seq, ts: Date.now(), values: { 'fault/seq': seq } }));
}

/** Whether the fault concerns this device at all. `place` is the fault's place in the fleet file. */
export function befalls({ devices = 1, groups }: FleetFault, place: number, seed: number, member: Member): boolean {
  if (groups !== undefined && !groups.includes(member.plan.group.prefix)) return false;
  return uniform(seed + 7_919 * (place + 1), member.index, 0) < devices;
}

/** What simulated faults need of a run. */
export interface FaultRun {
  faults: readonly FleetFault[];
  seed: number;
  /** Unix ms of the end of the ramp. Times of faults count from there. */
  from: number;
  schedule: Schedule;
  counts: Counts;
  api: Pick<OperatorApi, 'newSecret'>;
}

/**
 * Puts the faults of a device into the schedule. Their times and durations follow from the seed, the device and the fault.
 * Returns a function that ends all faults that have not ended.
 */
export function scheduleFaults(member: Member, { faults, seed, from, schedule, counts, api }: FaultRun): () => void {
  const underWay = new Set<() => void>();

  function strike(fault: FleetFault, ms: number, now: number): void {
    counts.struck(fault.fault);
    if (endsLink.has(fault.fault)) excuse(member, ms);
    const end = harms[fault.fault]({ member, fault, ms, api, counts });
    if (typeof end !== 'function') return;
    const once = (): void => {
      if (underWay.delete(once)) end();
    };
    underWay.add(once);
    schedule.add(now + ms, once);
  }

  faults.forEach((fault, place) => {
    if (isTrait(fault) || !befalls(fault, place, seed, member)) return;
    const draw = (salt: number, n: number): number => uniform(seed + 7_919 * (place + 1) + salt, member.index, n);
    const [least, most] = fault.seconds ?? [5, 5];
    const lasts = (n: number): number => 1000 * (least + (most - least) * draw(1, n));
    const next = (at: number, n: number): void =>
      schedule.add(at, (now) => {
        strike(fault, lasts(n), now);
        if (fault.perMinute !== undefined) next(at + gapMs(fault.perMinute, draw(2, n + 1)), n + 1);
      });
    next(
      from + (fault.perMinute === undefined ? 1000 * (fault.atSeconds ?? 0) : gapMs(fault.perMinute, draw(2, 0))),
      0,
    );
  });
  return () => {
    for (const end of [...underWay]) end();
  };
}

/** The time between two events of a Poisson process, in ms. `chance` is in [0, 1). */
export function gapMs(perMinute: number, chance: number): number {
  return perMinute === 0 ? Number.POSITIVE_INFINITY : (-Math.log(1 - chance) * 60_000) / perMinute;
}
