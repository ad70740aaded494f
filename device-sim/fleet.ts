import { type Counts, createCounts, type FleetStats } from './counts.js';
import type { Fleet } from './fleetFile.js';
import { createMember, type Member, seatsOf, sendDue } from './members.js';
import { createOperatorApi, inParallel } from './operatorApi.js';
import { isClean, type Verdict, verifyFleet } from './verify.js';
import { type CommandVerdict, commandsAreClean, verifyCommands } from './verifyCommands.js';

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
  /** How long the last acks are waited for; 30,000 unless told. */
  drainMs?: number;
  verify: boolean;
  /** About once a second. */
  progress?(stats: FleetStats): void;
  /** At each ack, with the frames acknowledged so far in the whole fleet. */
  acked?(framesAcked: number): void;
}

export interface FleetResult extends FleetStats {
  /** Unix ms. */
  startedAt: number;
  verdict: Verdict | null;
  commands: CommandVerdict | null;
}

/** Nothing verified was found wrong, and something was verified. */
export function isVerified({ verdict, commands }: FleetResult): boolean {
  return verdict !== null && isClean(verdict) && (commands === null || commandsAreClean(commands));
}

const tickMs = 5;
const progressEveryMs = 1_000;
const provisionsAtOnce = 32;
const drainMsByDefault = 30_000;

/** Provisions the fleet, runs its load on an open-loop schedule, lets it drain, and verifies. */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const { fleet, durationMs } = options;
  const api = createOperatorApi(options.url, options.key);
  const counts = createCounts();
  const secrets = await provision(fleet, api);
  const startedAt = Date.now();
  const seats = seatsOf(fleet, startedAt);
  const members = seats.map((seat) =>
    createMember(seat, {
      ...options,
      ...{ secret: secrets.get(seat.id) as string, total: seats.length, seed: fleet.seed, startedAt, counts },
    }),
  );
  const rampMs = fleet.rampSeconds * 1000;
  const untilMs = durationMs === undefined ? Number.POSITIVE_INFINITY : rampMs + durationMs;
  const elapsedMs = await load(members, counts, { ...options, startedAt, rampMs, untilMs });
  await drain(members, options.drainMs ?? drainMsByDefault);
  const stats = counts.total(elapsedMs, members.length, connectedOf(members));
  // Commands first: a final word that was lost with its link is told again as long as there is one.
  const commands = options.verify ? await verifyCommands(api, members, startedAt) : null;
  await Promise.all(members.map(({ device }) => device.stop()));
  const verdict = options.verify ? await verifyFleet(api, members) : null;
  return { ...stats, startedAt, verdict, commands };
}

async function provision(fleet: Fleet, api: ReturnType<typeof createOperatorApi>): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  await inParallel(seatsOf(fleet, 0), provisionsAtOnce, async ({ id, plan }) => {
    secrets.set(id, await api.provision(id, plan.group.model, plan.group.tags));
  });
  return secrets;
}

interface Load extends Pick<FleetOptions, 'stop' | 'progress'> {
  startedAt: number;
  rampMs: number;
  untilMs: number;
}

/** Opens the links over the ramp and gives each frame to its device when it is due. Returns how long that went. */
async function load(members: Member[], counts: Counts, run: Load): Promise<number> {
  const { startedAt, rampMs, untilMs } = run;
  let stopped = false;
  void run.stop.then(() => {
    stopped = true;
  });
  let opened = 0;
  let reportedAt = 0;
  for (;;) {
    const now = Date.now();
    const elapsed = now - startedAt;
    if (stopped || elapsed >= untilMs) return elapsed;
    while (opened < members.length && (rampMs * opened) / members.length <= elapsed) members[opened++].device.start();
    for (const member of members) sendDue(member, now, counts);
    if (elapsed - reportedAt >= progressEveryMs) {
      reportedAt = elapsed;
      run.progress?.(counts.progress(elapsed, members.length, connectedOf(members)));
    }
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
}

function connectedOf(members: Member[]): number {
  return members.filter(({ device }) => device.state() === 'linked').length;
}

/** What is on its way gets its ack, unless that takes too long. Devices that never connected have nobody to wait for. */
async function drain(members: Member[], drainMs: number): Promise<void> {
  const until = Date.now() + drainMs;
  const isWaiting = ({ device }: Member): boolean => device.state() !== 'idle' && device.unacked() > 0;
  while (Date.now() < until && members.some(isWaiting)) await new Promise((resolve) => setTimeout(resolve, 20));
}
