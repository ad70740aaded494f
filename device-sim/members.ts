import type { Counts } from './counts.js';
import { createDevice, type Device } from './device.js';
import type { Fleet } from './fleetFile.js';
import { describeEnding } from './reconnect.js';
import { framesDue, metricsOf, type Plan, planOf, readingsPerFrame, type SimulatedFrame } from './simulatedDevice.js';
import { createWitness, type Witness } from './witness.js';

/** One device of a fleet before it has a secret. */
export interface Seat {
  id: string;
  /** Its place in the fleet, from which its signals follow. */
  index: number;
  plan: Plan;
  /** Unix ms of its first frame. */
  firstDueAt: number;
}

/** One simulated device, and its own log of what it was told. */
export interface Member extends Seat {
  device: Device<SimulatedFrame>;
  nextDueAt: number;
  witness: Record<SimulatedFrame['part'], Witness>;
}

/** A source address has about 28,000 ports; a fleet takes one more for each so many devices. */
const devicesPerAddress = 20_000;
/** Frames of one group are spread over its interval in so many places. */
const phases = 97;

/** The ids and plans of a fleet that starts at `startedAt`. */
export function seatsOf({ groups, seed, rampSeconds }: Fleet, startedAt: number): Seat[] {
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const seats: Seat[] = [];
  for (const group of groups) {
    const plan = planOf(group, seed);
    for (let n = 1; n <= group.count; n++) {
      const index = seats.length;
      const connectsAfterMs = (1000 * rampSeconds * index) / total;
      const phaseMs = (group.frameIntervalMs * (index % phases)) / phases;
      // All samples of the first frame lie after the start: what an earlier run stored is never taken for this one's.
      const sampledMs = (group.samplesPerFrame - 1) * plan.stepMs;
      const firstDueAt = startedAt + sampledMs + Math.ceil(connectsAfterMs + phaseMs);
      seats.push({ id: `${group.prefix}-${n}`, index, plan, firstDueAt });
    }
  }
  return seats;
}

/** 127.0.0.1 and on where the gateway is on this machine and one address has not enough ports; else undefined: the system's. */
export function sourceAddress(deviceUrl: string, index: number, total: number): string | undefined {
  const { hostname } = new URL(deviceUrl);
  const isLoopback = hostname === 'localhost' || hostname.startsWith('127.');
  return isLoopback && total > devicesPerAddress ? `127.0.0.${1 + Math.floor(index / devicesPerAddress)}` : undefined;
}

export interface MemberOptions {
  deviceUrl: string;
  secret: string;
  /** Devices in the fleet. */
  total: number;
  counts: Counts;
  acked?(framesAcked: number): void;
}

export function createMember(seat: Seat, { deviceUrl, secret, total, counts, acked }: MemberOptions): Member {
  const { plan, firstDueAt } = seat;
  const { group } = plan;
  const witness = {
    numeric: createWitness(firstDueAt, group.frameIntervalMs),
    text: createWitness(firstDueAt, group.frameIntervalMs),
  };
  const device = createDevice<SimulatedFrame>({
    url: deviceUrl,
    id: seat.id,
    secret,
    stream: group.stream,
    encoding: group.encoding,
    localAddress: sourceAddress(deviceUrl, seat.index, total),
    metrics: metricsOf(plan),
    hello: { agent: 'tidegate-sim', expectEveryMs: group.frameIntervalMs },
    random: Math.random,
    acked({ part, dueAt }) {
      witness[part].note(dueAt, 'acked');
      counts.acked(readingsPerFrame(plan, part), Date.now() - dueAt);
      acked?.(counts.framesAcked());
    },
    nacked({ part, dueAt }, _seq, code) {
      witness[part].note(dueAt, 'nacked');
      counts.nacked(code);
    },
    unlinked(ending) {
      if (device.state() !== 'stopped') counts.linkLost(describeEnding(ending));
    },
  });
  return { ...seat, device, nextDueAt: firstDueAt, witness };
}

/** Frames are due at their time, whether the gateway keeps up or not. */
export function sendDue(member: Member, now: number, counts: Counts): void {
  while (member.nextDueAt <= now) {
    const dueAt = member.nextDueAt;
    member.nextDueAt += member.plan.group.frameIntervalMs;
    for (const frame of framesDue(member.plan, member.index, dueAt)) {
      counts.due(now - dueAt);
      // Noted first: its ack may be told before send returns.
      member.witness[frame.part].note(dueAt, 'sent');
      if (member.device.send(frame)) counts.sent();
      else {
        member.witness[frame.part].note(dueAt, 'none');
        counts.dropped();
      }
    }
  }
}
