import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { createDevice, type Device } from './device.js';
import type { Fleet } from './fleetFile.js';
import { createOperatorApi, inParallel, type OperatorApi } from './operatorApi.js';
import { framesDue, metricsOf, type Plan, planOf, readingsPerFrame, type SimulatedFrame } from './simulatedDevice.js';
import { type Verdict, verifyFleet } from './verify.js';

export interface FleetOptions {
  fleet: Fleet;
  /** The operator API, and its key. */
  url: string;
  key: string;
  /** ws://host:port/v1/device */
  deviceUrl: string;
  /** Ms of load after the ramp; undefined: until `stop` resolves. */
  durationMs?: number;
  stop: Promise<void>;
  verify: boolean;
  /** About once a second. */
  progress?(stats: FleetStats): void;
  /** At each ack, with the frames acknowledged so far in the whole fleet. */
  acked?(framesAcked: number): void;
}

/** What was seen so far. */
export interface FleetStats {
  elapsedMs: number;
  devices: number;
  connected: number;
  framesSent: number;
  framesAcked: number;
  framesNacked: number;
  readingsAcked: number;
  /** Frames that found a device's buffer full. */
  framesDropped: number;
  /** Links that ended without being asked to, and attempts that failed. */
  linksLost: number;
  /** From the moment a frame was due to its ack. */
  ackP50Ms: number;
  ackP99Ms: number;
  /** From the moment a frame was due to when the simulator got round to it. */
  lateP99Ms: number;
}

export interface FleetResult extends FleetStats {
  startedAt: number;
  verdict: Verdict | null;
}

/** One simulated device, and the log of what was acknowledged to it. */
export interface Member {
  id: string;
  index: number;
  plan: Plan;
  secret: string;
  device: Device;
  nextDueAt: number;
  /** dueAt of acknowledged frames, and of frames sent at all. */
  acked: Record<SimulatedFrame['part'], Set<number>>;
  sent: Record<SimulatedFrame['part'], Set<number>>;
}

const tickMs = 5;
/** A source address has about 28,000 ports; a fleet takes one more for each so many devices. */
const devicesPerAddress = 20_000;
const drainMaxMs = 30_000;

/** Provisions the fleet, runs its load on an open-loop schedule, lets it drain, and verifies. */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const { fleet, durationMs, stop } = options;
  const api = createOperatorApi(options.url, options.key);
  const counts = createCounts();
  const members = await createMembers(options, api, counts);
  const startedAt = Date.now();
  let ended = false;
  void stop.then(() => {
    ended = true;
  });
  const rampMs = fleet.rampSeconds * 1000;
  const untilMs = durationMs === undefined ? Number.POSITIVE_INFINITY : rampMs + durationMs;
  members.forEach((member, i) => {
    const delayMs = (rampMs * i) / members.length;
    member.nextDueAt = startedAt + Math.ceil(delayMs + (member.plan.group.frameIntervalMs * (i % 97)) / 97);
  });
  let started = 0;
  let reportedAt = startedAt;
  while (!ended && Date.now() - startedAt < untilMs) {
    const now = Date.now();
    for (; started < members.length && (rampMs * started) / members.length <= now - startedAt; started++)
      members[started].device.start();
    for (const member of members) sendDue(member, now, counts);
    if (now - reportedAt >= 1_000) {
      reportedAt = now;
      options.progress?.(counts.read(members, now - startedAt));
    }
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  const endedAt = Date.now();
  await drain(members);
  const stats = counts.read(members, endedAt - startedAt);
  await Promise.all(members.map(({ device }) => device.stop()));
  const verdict = options.verify ? await verifyFleet(api, members) : null;
  return { ...stats, startedAt, verdict };
}

/** Frames are due at their time, whether the gateway keeps up or not. */
function sendDue(member: Member, now: number, counts: Counts): void {
  while (member.nextDueAt <= now) {
    const dueAt = member.nextDueAt;
    member.nextDueAt += member.plan.group.frameIntervalMs;
    for (const frame of framesDue(member.plan, member.index, dueAt)) {
      counts.late.record(Math.max(1, (now - dueAt) * 1000));
      if (!member.device.send(frame)) {
        counts.framesDropped++;
        continue;
      }
      member.sent[frame.part].add(dueAt);
      counts.framesSent++;
    }
  }
}

async function createMembers(options: FleetOptions, api: OperatorApi, counts: Counts): Promise<Member[]> {
  const { fleet } = options;
  const members: Member[] = [];
  const total = fleet.groups.reduce((sum, { count }) => sum + count, 0);
  const loopback = new URL(options.deviceUrl).hostname.startsWith('127.');
  for (const group of fleet.groups) {
    const plan = planOf(group, fleet.seed);
    for (let n = 1; n <= group.count; n++) {
      const index = members.length;
      const localAddress =
        loopback && total > devicesPerAddress ? `127.0.0.${1 + Math.floor(index / devicesPerAddress)}` : undefined;
      members.push({
        id: `${group.prefix}-${n}`,
        index,
        plan,
        secret: '',
        device: null as never,
        nextDueAt: 0,
        acked: { numeric: new Set(), text: new Set() },
        sent: { numeric: new Set(), text: new Set() },
        ...({ localAddress } as object),
      });
    }
  }
  await inParallel(members, 32, async (member) => {
    member.secret = await api.provision(member.id, member.plan.group.model, member.plan.group.tags);
  });
  for (const member of members) member.device = deviceOf(member, options, counts) as unknown as Device;
  return members;
}

function deviceOf(member: Member & { localAddress?: string }, { deviceUrl, acked }: FleetOptions, counts: Counts) {
  const { group } = member.plan;
  return createDevice<SimulatedFrame>({
    url: deviceUrl,
    id: member.id,
    secret: member.secret,
    stream: group.stream,
    encoding: group.encoding,
    localAddress: member.localAddress,
    metrics: metricsOf(member.plan),
    hello: { agent: 'tidegate-sim', expectEveryMs: group.frameIntervalMs },
    random: Math.random,
    acked({ part, dueAt }) {
      member.acked[part].add(dueAt);
      counts.framesAcked++;
      counts.readingsAcked += readingsPerFrame(member.plan, part);
      counts.acks.record(Math.max(1, (Date.now() - dueAt) * 1000));
      acked?.(counts.framesAcked);
    },
    nacked({ part, dueAt }) {
      member.sent[part].delete(dueAt);
      counts.framesNacked++;
    },
    unlinked() {
      counts.linksLost++;
    },
  });
}

/** What is on its way gets its ack, unless that takes too long. */
async function drain(members: Member[]): Promise<void> {
  const until = Date.now() + drainMaxMs;
  while (Date.now() < until && members.some(({ device }) => device.unacked() > 0))
    await new Promise((resolve) => setTimeout(resolve, 20));
}

type Counts = ReturnType<typeof createCounts>;

function createCounts() {
  const acks: RecordableHistogram = createHistogram();
  const late: RecordableHistogram = createHistogram();
  const ms = (histogram: RecordableHistogram, percent: number): number =>
    histogram.count === 0 ? 0 : Math.round(histogram.percentile(percent) / 100) / 10;
  return {
    acks,
    late,
    framesSent: 0,
    framesAcked: 0,
    framesNacked: 0,
    readingsAcked: 0,
    framesDropped: 0,
    linksLost: 0,
    read(members: Member[], elapsedMs: number): FleetStats {
      const connected = members.filter(({ device }) => device.state() === 'linked').length;
      const { framesSent, framesAcked, framesNacked, readingsAcked, framesDropped, linksLost } = this;
      const latency = { ackP50Ms: ms(acks, 50), ackP99Ms: ms(acks, 99), lateP99Ms: ms(late, 99) };
      return {
        elapsedMs,
        devices: members.length,
        connected,
        framesSent,
        framesAcked,
        framesNacked,
        readingsAcked,
        framesDropped,
        linksLost,
        ...latency,
      };
    },
  };
}
