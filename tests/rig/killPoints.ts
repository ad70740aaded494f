import { uniform } from '../../device-sim/fleet/signals.js';

/** `rounds` counts of acknowledged frames at which a test kills or cuts. They are at least `gapMin` and less than `gapMax` apart. */
export function killPoints(seed: number, rounds: number, gapMin: number, gapMax: number): number[] {
  const points: number[] = [];
  let at = 0;
  for (let round = 0; round < rounds; round++) {
    at += gapMin + Math.floor(uniform(seed, 0, round) * (gapMax - gapMin));
    points.push(at);
  }
  return points;
}

/** How many rounds a fault test runs: TIDEGATE_ROUNDS, or else the few that are enough for CI. */
export function roundsOr(few: number): number {
  const asked = Number(process.env.TIDEGATE_ROUNDS);
  return Number.isInteger(asked) && asked > 0 ? asked : few;
}
