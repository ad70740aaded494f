import { createDevice, type Device } from '../device/device.js';
import { describeEnding } from '../device/reconnect.js';
import { systemTiming } from '../device/timing.js';
import type { Fleet } from '../fleet/fleet.js';
import {
  framesDue,
  metricsOf,
  type Pace,
  type Plan,
  paceOf,
  planOf,
  readingsPerFrame,
  type SimulatedFrame,
} from '../fleet/plan.js';
import { uniform } from '../fleet/signals.js';
import type { Counts } from '../measure/counts.js';
import { type CommandWitness, createCommandWitness } from './commandWitness.js';
import { createBehaviour } from './obedience.js';
import type { Schedule } from './schedule.js';
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
  /** Between frames at rate 1. */
  intervalMs: number;
  rate: number;
  pace: Pace;
  lastDueAt: number;
  /** Infinite while the rate is 0. */
  nextDueAt: number;
  witness: Witness;
  commands: CommandWitness;
  schedule: Schedule;
  counts: Counts;
}

/**
 * A fleet takes a further source address for each so many devices. One has 28,000 ports, but Linux offers a socket that is
 * bound to an address a quarter of them first, and beyond that each connect looks through all of those for milliseconds.
 */
const devicesPerAddress = 7_000;

/** Frames of one group are spread over its interval in so many places. */
const phases = 97;

/** The ids and plans of a fleet that starts at `startedAt`. */
export function seatsOf(
  { groups, seed, rampSeconds }: Pick<Fleet, 'groups' | 'seed' | 'rampSeconds'>,
  startedAt: number,
): Seat[] {
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const seats: Seat[] = [];
  for (const group of groups) {
    const plan = planOf(group, seed);
    for (let n = 1; n <= group.count; n++) {
      const index = seats.length;
      const connectsAfterMs = (1000 * rampSeconds * index) / total;
      const phaseMs = (group.frameIntervalMs * (index % phases)) / phases;
      // All samples of the first frame lie after the start: what an earlier run stored is never taken for this one's.
      const sampledMs = (group.samplesPerFrame - 1) * plan.pace.stepMs;
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
  seed: number;
  schedule: Schedule;
  counts: Counts;
  /** Unix ms of the start of the run. */
  startedAt: number;
  acked?(framesAcked: number): void;
}

export function createMember(seat: Seat, options: MemberOptions): Member {
  const { plan, firstDueAt, index } = seat;
  const { group } = plan;
  const { counts, schedule, seed } = options;
  let draws = 0;
  const witness = createWitness(firstDueAt, plan.pace);
  const commands = createCommandWitness();
  const behaviour = createBehaviour({
    behaviour: group.commands,
    seed,
    device: index,
    obedience: {
      setInterval: (intervalMs) => setInterval(member, intervalMs, Date.now()),
      reboot: () => device.reboot(),
      drop: () => device.drop(),
      after: systemTiming.after,
    },
  });
  const device = createDevice<SimulatedFrame>({
    url: options.deviceUrl,
    id: seat.id,
    secret: options.secret,
    stream: group.stream,
    encoding: group.encoding,
    localAddress: sourceAddress(options.deviceUrl, index, options.total),
    metrics: metricsOf(plan),
    // What a model expects holds also after set_interval; a hello is believed once a link (H-9).
    hello: { agent: 'tidegate-sim', expectEveryMs: group.model === undefined ? group.frameIntervalMs : undefined },
    random: () => uniform(seed + 1_003, index, draws++),
    acked({ part, dueAt }) {
      witness.note(part, dueAt, 'acked');
      counts.acked(readingsPerFrame(plan, part), Date.now() - dueAt);
      options.acked?.(counts.framesAcked());
    },
    nacked({ part, dueAt }, _seq, code) {
      witness.note(part, dueAt, 'nacked');
      counts.nacked(code);
    },
    commands(name) {
      const handler = behaviour.handlerOf(name);
      return handler === undefined ? undefined : commands.noting(handler);
    },
    commanded(command) {
      if (!behaviour.comes(command)) return false;
      commands.came(command);
      counts.commanded();
      return true;
    },
    answered: commands.said,
    linked: () => counts.linked(),
    unlinked(ending) {
      if (device.state() !== 'stopped') counts.linkLost(describeEnding(ending));
    },
  });
  const member: Member = {
    ...{ ...seat, device, witness, commands, schedule, counts },
    ...{ intervalMs: group.frameIntervalMs, rate: 1, pace: plan.pace },
    ...{ lastDueAt: options.startedAt, nextDueAt: firstDueAt },
  };
  scheduleNext(member);
  return member;
}

function scheduleNext(member: Member): void {
  const at = member.nextDueAt;
  member.schedule.add(at, (now) => {
    // Unless the pace changed meanwhile.
    if (member.nextDueAt === at) sendDue(member, now);
  });
}

/** Frames are due at their time, whether the gateway keeps up or not. */
function sendDue(member: Member, now: number): void {
  const { plan, witness, device, index, counts } = member;
  while (member.nextDueAt <= now) {
    const dueAt = member.nextDueAt;
    member.lastDueAt = dueAt;
    member.nextDueAt += member.pace.intervalMs;
    for (const frame of framesDue(plan, index, dueAt, member.pace)) {
      counts.due(now - dueAt);
      // Noted first: its ack may be told before send returns.
      witness.note(frame.part, dueAt, 'sent');
      if (device.send(frame)) counts.sent();
      else {
        witness.note(frame.part, dueAt, 'none');
        counts.dropped();
      }
    }
  }
  scheduleNext(member);
}

/** False where the samples of a frame would share a millisecond. */
export function setInterval(member: Member, intervalMs: number, now: number): boolean {
  if (intervalMs < member.plan.group.samplesPerFrame) return false;
  member.intervalMs = intervalMs;
  changePace(member, now, 0);
  return true;
}

/** Many devices that change their rate at once stay spread over their interval. */
export function setRate(member: Member, rate: number, now: number): void {
  if (rate === member.rate) return;
  member.rate = rate;
  changePace(member, now, (member.index % phases) / phases);
}

/** `spread`: the share of an interval by which the next frame is later than now. */
function changePace(member: Member, now: number, spread: number): void {
  const { samplesPerFrame } = member.plan.group;
  const intervalMs = Math.max(samplesPerFrame, Math.round(member.intervalMs / member.rate));
  if (!Number.isFinite(intervalMs)) {
    member.nextDueAt = Number.POSITIVE_INFINITY;
    return;
  }
  member.pace = paceOf(intervalMs, samplesPerFrame, member.pace.skewMs);
  // So far behind the last frame that no two samples have the same time.
  member.nextDueAt = Math.max(member.lastDueAt + intervalMs, Math.ceil(now + spread * intervalMs));
  member.witness.change(member.nextDueAt, member.pace);
  scheduleNext(member);
}

/** The device's clock is so far ahead from the next frame on; null: it has none. */
export function setClock(member: Member, skewMs: number | null): void {
  member.pace = { ...member.pace, skewMs };
  if (Number.isFinite(member.nextDueAt)) member.witness.change(member.nextDueAt, member.pace);
}
