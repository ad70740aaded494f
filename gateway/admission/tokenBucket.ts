import { DecayingCounter } from '../process/decayingCounter.js';

/** `burst` at once, and `perSecond` after that. */
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

  /** Takes one token; false if there is none. `now` is in ms and never goes back, here and below. */
  take(now: number): boolean {
    if (this.left(now) < 1) return false;
    this.used.add(1);
    return true;
  }

  /** Takes as many tokens as were used, which may leave fewer than none. */
  charge(count: number): void {
    this.used.add(count);
  }

  /** How many ms until there is a token again; 0 if there is one. */
  waitMs(now: number): number {
    const left = this.left(now);
    return left > 0 ? 0 : ((1 - left) * 1000) / this.rate.perSecond;
  }

  private left(now: number): number {
    return this.rate.burst - this.used.countAt(now);
  }
}

/**
 * A bucket per key, for at most `keysMax` keys. The least recently used key makes room, and has a full bucket if it comes back.
 * An attacker with more addresses than that gets further: this is the price of a bound.
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
