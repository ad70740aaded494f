/**
 * When whom the gateway could not take is to come back: one place after the other, at the rate at which it takes links, so that
 * a fleet is back as soon as it can be and no sooner. Retry-After is in whole seconds, which spreads a second at random.
 */
export function createRamp(options: { perSecond(): number; random(): number }) {
  let placeAt = 0;

  return {
    /** Seconds for Retry-After, from `now` (ms). `waiting` bounds how many there are to come back. */
    seconds(now: number, waiting: number): number {
      const stepMs = 1000 / options.perSecond();
      placeAt = Math.min(Math.max(placeAt, now) + stepMs, now + waiting * stepMs + secondMs);
      return Math.min(secondsMax, 1 + Math.floor((placeAt - now) / secondMs + options.random()));
    },
  };
}

const secondMs = 1_000;
const secondsMax = 600;
