/** So much at once, and so much a second after that. `now` is in ms and never goes back. */
export interface Rate {
  perSecond: number;
  burst: number;
}

export class TokenBucket {
  private tokens: number;
  private at: number;

  constructor(
    private readonly rate: Rate,
    now: number,
  ) {
    this.tokens = rate.burst;
    this.at = now;
  }

  /** Takes one; false where there is none. */
  take(now: number): boolean {
    this.fill(now);
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Takes what was used, which may leave less than nothing. */
  charge(count: number): void {
    this.tokens -= count;
  }

  /** How long until there is something again; 0: there is. */
  waitMs(now: number): number {
    this.fill(now);
    return this.tokens > 0 ? 0 : ((1 - this.tokens) * 1000) / this.rate.perSecond;
  }

  private fill(now: number): void {
    const passed = Math.max(0, now - this.at);
    this.at = now;
    this.tokens = Math.min(this.rate.burst, this.tokens + (passed * this.rate.perSecond) / 1000);
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
