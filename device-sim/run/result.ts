import type { GatewaySample } from '../api/gatewayWatch.js';
import type { TimedPhase } from '../fleet/phases.js';
import type { FleetStats } from '../measure/counts.js';
import type { Verdict } from '../verify/verify.js';
import type { FleetCommandVerdict } from '../verify/verifyCommands.js';

/** A moment of a run. Counts are those so far; latencies are those since the moment before. */
export interface Progress extends FleetStats {
  stage: string;
  /** The planned length of the load in ms; null: until someone ends it. */
  wholeMs: number | null;
  /** Null: not watched, or the gateway did not answer. */
  gateway: GatewaySample | null;
}

/** The result of a simulator run. */
export interface FleetResult extends FleetStats {
  /** Unix ms. */
  startedAt: number;
  seed: number;
  /** The planned length of the load in ms; null: until someone ends it. */
  wholeMs: number | null;
  /** The phases, with their times in ms after the ramp. */
  phases: TimedPhase[];
  /** What the verification found; null: nothing was verified. */
  verdict: Verdict | null;
  commands: FleetCommandVerdict | null;
  /** Why the verification was not possible; null: it was possible, or nobody asked for it. */
  unverified: string | null;
  samples: Progress[];
}
