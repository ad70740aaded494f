import { limits } from './contract.js';

/** An attempt should have its welcome within this time. */
const welcomeMaxMs = 30_000;
/** A link that lived this long is no failure, even if no frame was answered on it. */
const heldMs = 60_000;

/** What to do with a link: keep it, ask the gateway for the time, or drop it. */
export type LinkAdvice = 'keep' | 'ask' | 'drop';

/**
 * What a device notices about one link, and what follows from it. Every time is in ms of the
 * device's steady clock.
 */
export class LinkWatch {
  readonly #startedAt: number;
  readonly #seesPings: boolean;
  #heardAt: number;
  #welcomedAt: number | null = null;
  #keepaliveMs = 1000 * limits.keepaliveSeconds;
  #hasAsked = false;
  #isAnswered = false;
  /** When the oldest frame in flight was sent, or when the last ack or nack came, whichever is later. */
  #waitingSince = 0;

  /** `seesPings`: whether this socket shows the gateway's pings. */
  constructor(startedAt: number, seesPings: boolean) {
    this.#startedAt = startedAt;
    this.#heardAt = startedAt;
    this.#seesPings = seesPings;
  }

  /** A message or a ping came. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#hasAsked = false;
  }

  welcomed(now: number, keepaliveMs: number): void {
    this.#welcomedAt = now;
    this.#keepaliveMs = keepaliveMs;
  }

  /** A frame is sent while no other one is in flight. */
  sendsFirst(now: number): void {
    this.#waitingSince = now;
  }

  /** An ack or a nack came. */
  answered(now: number): void {
    this.#isAnswered = true;
    this.#waitingSince = now;
  }

  /** Whether the link held: then the attempts that failed before it no longer count. */
  hasHeld(now: number): boolean {
    return this.#isAnswered || (this.#welcomedAt !== null && now - this.#welcomedAt >= heldMs);
  }

  /** To be asked every few seconds. It advises `ask` once per silence. */
  advice(now: number, framesInFlight: number): LinkAdvice {
    const silentMs = now - this.#heardAt;
    if (this.#welcomedAt === null && now - this.#startedAt >= welcomeMaxMs) return 'drop';
    if (silentMs >= 1000 * limits.deviceSilenceSeconds) return 'drop';
    if (framesInFlight > 0 && now - this.#waitingSince >= 1000 * limits.ackOverdueSeconds) return 'drop';
    if (this.#seesPings || this.#hasAsked || this.#welcomedAt === null || silentMs < this.#keepaliveMs) return 'keep';
    this.#hasAsked = true;
    return 'ask';
  }
}
