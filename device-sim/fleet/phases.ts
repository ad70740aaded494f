import type { FleetPhase } from '../../schemas/generated/config.js';

/** A phase with its times in ms after the end of the ramp. */
export interface TimedPhase {
  name: string;
  fromMs: number;
  untilMs: number;
  rate: number;
}

/** The phases one after another. With a duration they share it in proportion to their own. Without phases the load is even. */
export function timedPhases(phases: readonly FleetPhase[], durationMs: number | undefined): TimedPhase[] {
  if (phases.length === 0)
    return [{ name: 'steady', fromMs: 0, untilMs: durationMs ?? Number.POSITIVE_INFINITY, rate: 1 }];
  const totalMs = phases.reduce((sum, { seconds }) => sum + 1000 * seconds, 0);
  const stretch = durationMs === undefined ? 1 : durationMs / totalMs;
  let fromMs = 0;
  return phases.map(({ name, seconds, rate = 1 }) => {
    const untilMs = fromMs + Math.round(1000 * seconds * stretch);
    const phase = { name, fromMs, untilMs, rate };
    fromMs = untilMs;
    return phase;
  });
}

/** The name of the stage at this time, in ms after the ramp. Before 0 it is the ramp. */
export function stageAt(phases: readonly TimedPhase[], ms: number): string {
  return ms < 0 ? 'ramp' : (phases.find(({ untilMs }) => ms < untilMs)?.name ?? 'drain');
}
