/**
 * One simulated device of a fleet: its seat, its schedule and its record. member/ holds what belongs to one device of a fleet,
 * its witness and its simulated faults included. What it sends is in fleet/, how it speaks the protocol is in device/.
 */
import { systemTiming } from '../../clients/js/core/timing.js';
import { createDevice, type Device } from '../device/device.js';
import { describeEnding } from '../device/ending.js';
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
import { type Behaviour, createBehaviour } from './obedience.js';
import type { Schedule } from './schedule.js';
import { createWitness, type Witness } from './witness.js';

/** A place in a fleet, before its device has a secret. */
export interface Seat {
  /** The device id. */
  id: string;
  /** Its number in the fleet, from which its signals follow. */
  index: number;
  plan: Plan;
  /** Unix ms of its first frame. */
  firstDueAt: number;
}

/** One simulated device, with its own record of what it sent and got. */
export interface Member extends Seat {
  device: Device<SimulatedFrame>;
  /** Between two frames at rate 1. */
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
  /** Unix ms until which the end of a link is put down to a simulated fault; 0 without one. */
  excusedUntil: number;
}

/**
 * Devices per source address. An address has 28,000 ports, but Linux offers a socket that is bound to an address a quarter of
 * them first, and after that each connect searches through all of those for milliseconds.
 */
const devicesPerAddress = 7_000;

/** The members of a group send at this many different moments of their interval, so that their frames do not come all at once. */
const momentsPerInterval = 97;

/** The seats of a fleet that starts at `startedAt`, in Unix ms. */
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
      const offsetMs = group.frameIntervalMs * shareOfInterval(index);
      // All samples of the first frame are later than the start, so that readings of an earlier run are never mistaken for readings of this run.
      const sampledMs = (group.samplesPerFrame - 1) * plan.pace.stepMs;
      const firstDueAt = startedAt + sampledMs + Math.ceil(connectsAfterMs + offsetMs);
      seats.push({ id: `${group.prefix}-${n}`, index, plan, firstDueAt });
    }
  }
  return seats;
}

/** When in its interval a member sends, in [0, 1). */
function shareOfInterval(index: number): number {
  return (index % momentsPerInterval) / momentsPerInterval;
}

/**
 * The source address for a device. A fleet that needs more ports than one address has, against a gateway on this machine, uses
 * 127.0.0.1, 127.0.0.2 and so on. Otherwise undefined: the system chooses.
 */
export function sourceAddress(deviceUrl: string, index: number, total: number): string | undefined {
  const { hostname } = new URL(deviceUrl);
  const isLoopback = hostname === 'localhost' || hostname.startsWith('127.');
  return isLoopback && total > devicesPerAddress ? `127.0.0.${1 + Math.floor(index / devicesPerAddress)}` : undefined;
}

/** What a member needs beside its seat. */
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
  /** Called at each ack, with the frames acknowledged so far in this process. */
  acked?(framesAcked: number): void;
}

/** A member whose first frame is in the schedule. Its device is not started. */
export function createMember(seat: Seat, options: MemberOptions): Member {
  const { plan, firstDueAt, index } = seat;
  const witness = createWitness(firstDueAt, plan.pace);
  const commands = createCommandWitness();
  const behaviour = createBehaviour({
    behaviour: plan.group.commands,
    seed: options.seed,
    device: index,
    obedience: {
      setReportInterval: (intervalMs) => setReportInterval(member, intervalMs, Date.now()),
      reboot() {
        excuse(member, 0);
        member.device.reboot();
      },
      drop() {
        excuse(member, 0);
        member.device.drop();
      },
      after: systemTiming.after,
    },
  });
  const member: Member = {
    id: seat.id,
    index,
    plan,
    firstDueAt,
    device: createMemberDevice(seat, options, { witness, commands, behaviour, excused: () => excused(member) }),
    intervalMs: plan.group.frameIntervalMs,
    rate: 1,
    pace: plan.pace,
    lastDueAt: options.startedAt,
    nextDueAt: firstDueAt,
    witness,
    commands,
    schedule: options.schedule,
    counts: options.counts,
    excusedUntil: 0,
  };
  scheduleNext(member);
  return member;
}

/** What a member's device reports to. */
interface MemberParts {
  witness: Witness;
  commands: CommandWitness;
  behaviour: Behaviour;
  /** Whether a simulated fault ended the link that has just ended. */
  excused(): boolean;
}

function createMemberDevice(
  { id, index, plan }: Seat,
  { deviceUrl, secret, total, seed, counts, acked }: MemberOptions,
  { witness, commands, behaviour, excused: isExcused }: MemberParts,
): Device<SimulatedFrame> {
  const { group } = plan;
  let draws = 0;
  const device = createDevice<SimulatedFrame>({
    url: deviceUrl,
    id,
    secret,
    stream: group.stream,
    encoding: group.encoding,
    localAddress: sourceAddress(deviceUrl, index, total),
    metrics: metricsOf(plan),
    // The gateway reads one hello per link (H-9), so the interval of a hello would be wrong after set_interval; a model's is not.
    hello: { agent: 'tidegate-sim', expectEveryMs: group.model === undefined ? group.frameIntervalMs : undefined },
    random: () => uniform(seed + 1_003, index, draws++),
    acked({ part, dueAt }) {
      witness.note(part, dueAt, 'acked');
      counts.acked(readingsPerFrame(plan, part), Date.now() - dueAt);
      acked?.(counts.framesAcked());
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
      if (device.state() === 'stopped') return;
      if (isExcused()) counts.linkLostByFault();
      else counts.linkLost(describeEnding(ending));
    },
  });
  return device;
}

/** The gateway may notice a fault only after its own timeouts. */
const noticedWithinMs = 60_000;

/** Puts the next end of the member's link down to a simulated fault that lasts `ms`. */
export function excuse(member: Member, ms: number): void {
  if (member.device.state() === 'linked') member.excusedUntil = Date.now() + ms + noticedWithinMs;
}

/** A fault excuses one end of a link. What fails after that is an error of the gateway or the network. */
function excused(member: Member): boolean {
  const isExcused = Date.now() < member.excusedUntil;
  member.excusedUntil = 0;
  return isExcused;
}

function scheduleNext(member: Member): void {
  const at = member.nextDueAt;
  member.schedule.add(at, (now) => {
    // If the pace changed meanwhile, another entry is in the schedule.
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
      // Noted before it is sent: its ack may come before send returns.
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

/** False if two samples of a frame would have the same millisecond. */
export function setReportInterval(member: Member, intervalMs: number, now: number): boolean {
  if (intervalMs < member.plan.group.samplesPerFrame) return false;
  member.intervalMs = intervalMs;
  changePace(member, now, 0);
  return true;
}

/** Many devices that change their rate at once stay spread over their interval. */
export function setRate(member: Member, rate: number, now: number): void {
  if (rate === member.rate) return;
  member.rate = rate;
  changePace(member, now, shareOfInterval(member.index));
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
  // An interval after the last frame, so that no two samples have the same time.
  member.nextDueAt = Math.max(member.lastDueAt + intervalMs, Math.ceil(now + spread * intervalMs));
  member.witness.change(member.nextDueAt, member.pace);
  scheduleNext(member);
}

/** Sets how far the device's clock is ahead, from the next frame on; null: the device has no clock. */
export function setClock(member: Member, skewMs: number | null): void {
  member.pace = { ...member.pace, skewMs };
  if (Number.isFinite(member.nextDueAt)) member.witness.change(member.nextDueAt, member.pace);
}
