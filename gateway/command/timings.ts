import { createHistogram } from 'node:perf_hooks';
import type { CommandState } from '../domain/command.js';

/** Seconds by quantile, as the metrics show them; 0 while there is nothing. */
export type Quantiles = Record<'0.5' | '0.99', number>;

/** How long devices take: from the creation of a command to `received`, and to its end by the device. All since the start. */
export class CommandTimings {
  private readonly toReceived = createHistogram();
  private readonly toDone = createHistogram();

  /** A command has this state on disk, `ms` after it was created. */
  record(state: CommandState, ms: number): void {
    // A histogram takes whole numbers from 1.
    const whole = Math.max(1, Math.round(ms));
    if (state === 'received') this.toReceived.record(whole);
    if (state === 'succeeded' || state === 'failed' || state === 'rejected') this.toDone.record(whole);
  }

  quantiles(): { toReceived: Quantiles; toDone: Quantiles } {
    return { toReceived: quantilesOf(this.toReceived), toDone: quantilesOf(this.toDone) };
  }
}

function quantilesOf(histogram: { percentile(p: number): number; count: number }): Quantiles {
  if (histogram.count === 0) return { '0.5': 0, '0.99': 0 };
  return { '0.5': histogram.percentile(50) / 1000, '0.99': histogram.percentile(99) / 1000 };
}
