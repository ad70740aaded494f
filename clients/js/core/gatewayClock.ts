import type { Timing } from './timing.js';

/** A difference up to this is the delay of a message on its way, and does not move the clock. */
const slackMs = 1_000;

/**
 * The gateway's time, as far as a device knows it. It runs on the steady clock, so it stays right if the device's own clock is
 * set. Until the first message with a time it is the device's own.
 */
export class GatewayClock {
  readonly #timing: Timing;
  #offsetMs: number;
  #isKnown = false;

  constructor(timing: Timing) {
    this.#timing = timing;
    this.#offsetMs = timing.now() - timing.elapsedMs();
  }

  /** From the steady clock to the gateway's, in ms. While it stays the same, a frame that is sent again has the same times. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Unix ms. */
  now(): number {
    return this.#timing.elapsedMs() + this.#offsetMs;
  }

  /** The gateway said its time: Unix ms. */
  set(serverTime: number): void {
    if (this.#isKnown && Math.abs(serverTime - this.now()) <= slackMs) return;
    this.#isKnown = true;
    this.#offsetMs = serverTime - this.#timing.elapsedMs();
  }
}
