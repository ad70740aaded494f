/**
 * A whole simulator run: devices are provisioned, the load is divided among processes, the result is gathered. run/ knows fleets
 * and processes; what one device does is in member/.
 */
import { createGatewayWatch, type GatewaySample } from '../api/gatewayWatch.js';
import { createOperatorApi, inParallel, type OperatorApi } from '../api/operatorApi.js';
import type { Fleet } from '../fleet/fleet.js';
import { type TimedPhase, timedPhases } from '../fleet/phases.js';
import { mergedTally, statsOf, type Tally } from '../measure/counts.js';
import { seatsOf } from '../member/members.js';
import { isClean, mergedVerdict } from '../verify/verify.js';
import { commandsAreClean, mergedCommandVerdict } from '../verify/verifyCommands.js';
import type { FleetResult, Progress } from './result.js';
import { divide, linksPerProcess, openShards } from './shards.js';

/** What a simulator run needs. */
export interface FleetOptions {
  fleet: Fleet;
  /** The base of the operator API, and a key for it. */
  url: string;
  key: string;
  /** ws://host:port/v1/device */
  deviceUrl: string;
  /** The length of the load after the ramp, in ms. Without it: that of the phases, or until `stop` resolves. */
  durationMs?: number;
  stop: Promise<void>;
  /** How long to wait for the last acks; 30,000 by default. */
  drainMs?: number;
  verify: boolean;
  /** The number of processes for the devices; by default as many as they need. */
  processes?: number;
  /** Reads the gateway's /metrics once a second. */
  watch?: boolean;
  /** Removes the devices and their readings at the end. */
  remove?: boolean;
  /** About once a second. */
  progress?(progress: Progress): void;
  /** Called at each ack, with the frames acknowledged so far in the whole fleet; only if the fleet runs in one process. */
  acked?(framesAcked: number): void;
}

const provisionsAtOnce = 32;

const drainMsByDefault = 30_000;

const sampleEveryMs = 1_000;

/** Whether something was verified and nothing was wrong. */
export function isVerified({ verdict, commands }: Pick<FleetResult, 'verdict' | 'commands'>): boolean {
  return verdict !== null && isClean(verdict) && (commands === null || commandsAreClean(commands));
}

/** Registers the devices of the fleet, runs it in as many processes as it needs, and merges their results. */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const { fleet, url, key, deviceUrl, verify } = options;
  const api = createOperatorApi(url, key);
  const secrets = await provision(fleet, api);
  const phases = timedPhases(fleet.phases, options.durationMs);
  const ranges = divide(secrets.size, options.processes ?? Math.ceil(secrets.size / linksPerProcess));
  const shards = await openShards(ranges.length);
  const startedAt = Date.now();
  const recorder = createRecorder(options, api, startedAt, secrets.size, ranges.length, phases);
  const common = { fleet, phases, secrets, startedAt, url, key, deviceUrl, verify };
  let unverified: string | null = null;
  try {
    const results = await shards.run(
      ranges.map(([from, to]) => ({ ...common, from, to, drainMs: options.drainMs ?? drainMsByDefault })),
      (part) => ({
        stop: options.stop,
        progress: (tally, stage) => recorder.take(part, tally, stage),
        acked: options.acked,
      }),
    );
    unverified = results.find((result) => result.unverified !== null)?.unverified ?? null;
    const verified = verify && unverified === null;
    const elapsedMs = Math.max(...results.map((result) => result.elapsedMs));
    return {
      ...statsOf(mergedTally(results.map(({ tally }) => tally)), elapsedMs, secrets.size),
      startedAt,
      seed: fleet.seed,
      wholeMs: wholeMsOf(fleet, phases),
      phases,
      samples: recorder.samples,
      unverified,
      verdict: verified ? mergedVerdict(results.flatMap(({ verdict }) => verdict ?? [])) : null,
      commands: verified ? mergedCommandVerdict(results.flatMap(({ commands }) => commands ?? [])) : null,
    };
  } finally {
    recorder.end();
    shards.end();
    if (options.remove === true && unverified === null)
      await inParallel([...secrets.keys()], provisionsAtOnce, api.remove);
  }
}

/** The planned length of the load in ms, the ramp included; null: until someone ends it. */
function wholeMsOf({ rampSeconds }: Fleet, phases: TimedPhase[]): number | null {
  const ms = rampSeconds * 1000 + phases[phases.length - 1].untilMs;
  return Number.isFinite(ms) ? ms : null;
}

async function provision(fleet: Fleet, api: OperatorApi): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  await inParallel(seatsOf(fleet, 0), provisionsAtOnce, async ({ id, plan }) => {
    secrets.set(id, await api.provision(id, plan.group.model, plan.group.tags));
  });
  return secrets;
}

/** Collects the progress of all processes. */
interface Recorder {
  samples: Progress[];
  /** Takes the tally of one part. When every part has reported, it makes a sample. */
  take(part: number, tally: Tally, stage: string): void;
  end(): void;
}

function createRecorder(
  { fleet, watch, progress }: FleetOptions,
  api: OperatorApi,
  startedAt: number,
  devices: number,
  parts: number,
  phases: TimedPhase[],
): Recorder {
  const samples: Progress[] = [];
  const latest = new Map<number, Tally>();
  /** The parts that reported since the last sample. */
  const fresh = new Set<number>();
  const watchGateway = createGatewayWatch(api, Date.now);
  const wholeMs = wholeMsOf(fleet, phases);
  let before: Tally | null = null;
  let stage = 'ramp';
  let gateway: GatewaySample | null = null;

  function sample(): void {
    const tally = mergedTally([...latest.values()]);
    const moment = { ...statsOf(tally, Date.now() - startedAt, devices, before), stage, wholeMs, gateway };
    before = tally;
    samples.push(moment);
    progress?.(moment);
  }

  const look = (): void => void watchGateway().then((seen) => (gateway = seen));
  const timer = watch === true ? setInterval(look, sampleEveryMs) : null;

  return {
    samples,
    take(part, tally, at) {
      latest.set(part, tally);
      stage = at;
      if (fresh.add(part).size < parts) return;
      fresh.clear();
      sample();
    },
    end() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
