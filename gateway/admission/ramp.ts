/**
 * When a refused device should come back: one place after the other, at the rate at which links are accepted, so that a fleet is
 * back as soon as possible and no sooner. Retry-After has whole seconds, so each place is spread over a second at random.
 */
export function createRamp(options: { perSecond(): number; random(): number }) {
  let placeAt = 0;

  return {
    /** Seconds for Retry-After, from `now` in ms. `waiting` is the most devices that may have to come back. */
    seconds(now: number, waiting: number): number {
      const stepMs = 1000 / options.perSecond();
      placeAt = Math.min(Math.max(placeAt, now) + stepMs, now + waiting * stepMs + secondMs);
      return Math.min(secondsMax, 1 + Math.floor((placeAt - now) / secondMs + options.random()));
    },
  };
}

const secondMs = 1_000;
const secondsMax = 600;
