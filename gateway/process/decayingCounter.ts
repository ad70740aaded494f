/**
 * A count that decays by a fixed rate and never falls below zero: an event counts fully at first and is forgiven over time.
 * It counts what may happen often for a moment but not all the time: bad frames, new links of one device, tokens in use.
 *
 * All times are milliseconds of one clock. If the clock goes back, the step back forgives nothing and adds nothing.
 */
export class DecayingCounter {
  private count = 0;
  private countedAt = 0;

  /** `perSecond`: how much of the count is forgiven per second; more than 0. */
  constructor(private readonly perSecond: number) {}

  /** What is left of the count at `now`: 0 or more, rarely a whole number. */
  countAt(now: number): number {
    const passedMs = Math.max(0, now - this.countedAt);
    this.countedAt = now;
    this.count = Math.max(0, this.count - (passedMs * this.perSecond) / 1000);
    return this.count;
  }

  /** Adds to the count as it was when it was last asked for; for a caller that has just asked. */
  add(amount: number): void {
    this.count += amount;
  }

  /** Counts one event at `now` and returns the new count. */
  increment(now: number): number {
    this.countAt(now);
    this.add(1);
    return this.count;
  }
}
