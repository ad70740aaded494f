/** How long after a start the first devices decide whether the clock is behind. */
const undecidedMs = 120_000;
/** So many devices must agree with each other before they are believed more than the clock. */
const quorum = 3;
/** Times of devices that differ by no more than this agree with each other. */
const agreeMs = 300_000;

/** A device; the jury keeps here what the device's frames said. */
export interface Voter {
  clockVote: number;
}

const votes = { silent: 1, agrees: 2, ahead: 3 } as const;

/**
 * Judges a clock that may be behind by the times that devices give. A machine without a battery for its clock starts with the time
 * at which it was stopped, and then every good frame looks as if it came from the future. A nack would make devices drop them.
 *
 * The clock is wrong if at least three devices, and more than half of those that were heard, are ahead by the same span. Until
 * there are three, within two minutes of the start, a device ahead is asked to come again unless some device agrees with the clock.
 */
export class ClockJury {
  /** Votes of another epoch do not count. */
  private epoch = 1;
  private heardCount = 0;
  private agreeing = 0;
  private readonly ahead = new Map<Voter, number>();
  private verdictMs: number | null = null;
  private confirmed = false;
  private undecidedUntil: number;

  /** `monotonic`: ms that never step. `hasData`: whether the gateway ran before; a new one has no time from which its clock stood still. */
  constructor(
    private readonly monotonic: () => number,
    hasData: boolean,
  ) {
    this.undecidedUntil = hasData ? monotonic() + undecidedMs : Number.NEGATIVE_INFINITY;
  }

  /** A frame of the device was taken in. `agrees`: with a time of its own close to the clock. */
  heard(voter: Voter, agrees: boolean): void {
    if (agrees) this.vote(voter, votes.agrees);
    else if (voter.clockVote >> 2 !== this.epoch) this.vote(voter, votes.silent);
  }

  /**
   * The time of a frame is so far ahead of the clock that it cannot be taken. True if that may be the fault of the clock: then the
   * device must keep the frame and come again.
   */
  isClockAtFault(voter: Voter, aheadMs: number): boolean {
    if (this.confirmed) return false;
    this.vote(voter, votes.ahead);
    this.ahead.set(voter, aheadMs);
    if (2 * this.ahead.size > this.heardCount && this.ahead.size >= quorum) this.judge(aheadMs);
    return this.verdictMs !== null || (this.agreeing === 0 && this.monotonic() < this.undecidedUntil);
  }

  /** By how many ms the clock is behind its devices; null if they do not say so. */
  behindMs(): number | null {
    return this.verdictMs;
  }

  /** The clock has stepped: what was said before does not count any more. */
  stepped(): void {
    this.forget();
    this.confirmed = false;
    this.undecidedUntil = this.monotonic() + undecidedMs;
  }

  /** An operator confirmed the clock, and is believed more than any device until the clock steps. */
  confirm(): void {
    this.forget();
    this.confirmed = true;
  }

  private judge(aheadMs: number): void {
    let same = 0;
    for (const other of this.ahead.values()) if (Math.abs(other - aheadMs) <= agreeMs) same++;
    if (same >= quorum && 2 * same > this.heardCount) this.verdictMs = aheadMs;
  }

  private vote(voter: Voter, vote: number): void {
    const before = voter.clockVote >> 2 === this.epoch ? voter.clockVote & 3 : 0;
    if (before === vote) return;
    voter.clockVote = (this.epoch << 2) | vote;
    if (before === 0) this.heardCount++;
    if (before === votes.agrees) this.agreeing--;
    if (before === votes.ahead) this.ahead.delete(voter);
    if (vote === votes.agrees) this.agreeing++;
  }

  private forget(): void {
    this.epoch++;
    this.heardCount = this.agreeing = 0;
    this.ahead.clear();
    this.verdictMs = null;
  }
}
