import type { GatewaySample } from '../api/gatewayWatch.js';
import type { TimedPhase } from '../fleet/phases.js';
import type { FleetStats } from '../measure/counts.js';
import type { Verdict } from '../verify/verify.js';
import type { FleetCommandVerdict } from '../verify/verifyCommands.js';

/** A moment of a run: counts are those so far, latencies those since the moment before. */
export interface Progress extends FleetStats {
  stage: string;
  /** Ms of the whole load; null: until someone ends it. */
  wholeMs: number | null;
  gateway: GatewaySample | null;
}

export interface FleetResult extends FleetStats {
  /** Unix ms. */
  startedAt: number;
  seed: number;
  /** With the ramp, in ms of the run. */
  phases: TimedPhase[];
  verdict: Verdict | null;
  commands: FleetCommandVerdict | null;
  /** Why it could not be verified, where it was to be. */
  unverified: string | null;
  samples: Progress[];
}
