import { DecayingCounter } from '../process/decayingCounter.js';

/** So much at once, and so much a second after that. `now` is in ms and never goes back. */
export interface Rate {
  perSecond: number;
  burst: number;
}

export class TokenBucket {
  private readonly used: DecayingCounter;

  constructor(
    private readonly rate: Rate,
    now: number,
  ) {
    this.used = new DecayingCounter(rate.perSecond);
    this.used.countAt(now);
  }

  /** Takes one; false where there is none. */
  take(now: number): boolean {
    if (this.left(now) < 1) return false;
    this.used.add(1);
    return true;
  }

  /** Takes what was used, which may leave less than nothing. */
  charge(count: number): void {
    this.used.add(count);
  }

  /** How long until there is something again; 0: there is. */
  waitMs(now: number): number {
    const left = this.left(now);
    return left > 0 ? 0 : ((1 - left) * 1000) / this.rate.perSecond;
  }

  private left(now: number): number {
    return this.rate.burst - this.used.countAt(now);
  }
}

/**
 * A bucket for each key, of so many keys at most: the one used longest ago makes room, and starts anew when it comes back. That
 * an attacker with so many addresses gets further is the price of a bound.
 */
export function createBuckets(rate: Rate, keysMax: number) {
  const buckets = new Map<string, TokenBucket>();

  return {
    take(key: string, now: number): boolean {
      const bucket = buckets.get(key) ?? new TokenBucket(rate, now);
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > keysMax) {
        const [[oldest]] = buckets;
        buckets.delete(oldest);
      }
      return bucket.take(now);
    },
    size: (): number => buckets.size,
  };
}
