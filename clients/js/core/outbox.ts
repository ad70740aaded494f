import { limits } from './contract.js';

/** A frame and its number. The number is provisional until the frame is first sent (N-15). */
export interface Numbered<Frame> {
  readonly seq: number;
  readonly frame: Frame;
}

/** What a device remembers of its numbering over a restart. */
export interface RememberedNumbering<Frame> {
  /** Frames without an ack or nack, ascending by number. */
  frames: readonly Numbered<Frame>[];
  /** The highest number that was ever given. */
  highestGiven: number;
}

/** What a welcome changed. */
export interface WelcomeEffect<Frame> {
  /** Frames that the gateway has stored; they left the outbox. */
  stored: readonly Numbered<Frame>[];
  /** Frames that got another number. */
  renumbered: readonly Numbered<Frame>[];
}

/** Places in front of the first waiting frame that may be unused before the array is cut. */
const unusedMax = 1_024;

/**
 * Numbering, window, and the buffer of frames without an ack (PROTOCOL.md sections 2 and 4), without any socket or disk.
 * Each step returns its effect and calls nothing back, so a caller may push and take while it handles an effect.
 */
export class Outbox<Frame> {
  readonly #framesMax: number;
  /** Ascending by number. From `#head` on without an ack; from `#unsent` on not sent on this link. */
  readonly #waiting: Numbered<Frame>[];
  #head = 0;
  #unsent = 0;
  #nextSeq: number;
  #highestGiven: number;
  #window = 0;

  /** `framesMax`: how many frames the buffer holds. */
  constructor(framesMax: number, remembered: RememberedNumbering<Frame> = { frames: [], highestGiven: 0 }) {
    this.#framesMax = framesMax;
    this.#waiting = [...remembered.frames];
    this.#highestGiven = remembered.highestGiven;
    this.#nextSeq = Math.max(this.#highestGiven, this.#waiting.at(-1)?.seq ?? 0) + 1;
  }

  /** Frames without an ack or nack. */
  get size(): number {
    return this.#waiting.length - this.#head;
  }

  /** Frames that were sent on this link and have no ack or nack yet. */
  get inFlight(): number {
    return this.#unsent - this.#head;
  }

  /** The highest number that was ever given. Only up to here can a `lastSeq` concern frames of this device. */
  get highestGiven(): number {
    return this.#highestGiven;
  }

  /** Buffers a frame under the next number. Null if the buffer is full or the numbers are used up (N-12): the frame is not kept. */
  push(frame: Frame): Numbered<Frame> | null {
    if (this.size >= this.#framesMax || this.#nextSeq > limits.seqMax) return null;
    const numbered = { seq: this.#nextSeq++, frame };
    this.#waiting.push(numbered);
    return numbered;
  }

  /**
   * A new link has its welcome. A `lastSeq` that concerns frames of this device drops them (N-3). If it does not, or if the next
   * number would be too far above it, all buffered frames get new numbers from `lastSeq` + 1 (N-4, N-14, N-17).
   */
  welcome(lastSeq: number, window: number): WelcomeEffect<Frame> {
    this.#window = window;
    this.#unsent = this.#head;
    const isOwn = lastSeq <= this.#highestGiven;
    const stored = isOwn ? this.#dropThrough(lastSeq, this.#waiting.length) : [];
    const next = this.#waiting[this.#head]?.seq ?? this.#nextSeq;
    const fits = isOwn && next - lastSeq <= limits.seqJumpMax;
    return { stored, renumbered: fits ? [] : this.#renumber(lastSeq + 1) };
  }

  /** Returns the frames that are stored now. An ack concerns only frames that were sent on this link (W-2). A window of 0 keeps the present one. */
  ack(seq: number, window: number): readonly Numbered<Frame>[] {
    if (window > 0) this.#window = window;
    return this.#dropThrough(seq, this.#unsent);
  }

  /** Removes a frame that must never be sent again (W-3). Null if no frame in flight has this number. */
  nack(seq: number): Numbered<Frame> | null {
    for (let at = this.#head; at < this.#unsent; at++) {
      if (this.#waiting[at].seq !== seq) continue;
      this.#unsent--;
      return this.#waiting.splice(at, 1)[0];
    }
    return null;
  }

  /** The next frame that the window permits, or null. This gives the frame its number. */
  take(): Numbered<Frame> | null {
    if (this.#unsent >= this.#waiting.length || this.inFlight >= this.#window) return null;
    const next = this.#waiting[this.#unsent++];
    this.#highestGiven = Math.max(this.#highestGiven, next.seq);
    return next;
  }

  /** The link ended: nothing may be sent before the next welcome. */
  unlinked(): void {
    this.#window = 0;
    this.#unsent = this.#head;
  }

  /** The device forgot its numbering, as by a reboot without storage. The frames stay, and get new numbers (N-4). */
  forget(): void {
    this.unlinked();
    this.#renumber(1);
  }

  #dropThrough(seq: number, end: number): Numbered<Frame>[] {
    const from = this.#head;
    while (this.#head < end && this.#waiting[this.#head].seq <= seq) this.#head++;
    const dropped = this.#waiting.slice(from, this.#head);
    this.#unsent = Math.max(this.#unsent, this.#head);
    if (this.#head >= unusedMax || this.#head === this.#waiting.length) {
      this.#waiting.splice(0, this.#head);
      this.#unsent -= this.#head;
      this.#head = 0;
    }
    return dropped;
  }

  #renumber(first: number): Numbered<Frame>[] {
    this.#nextSeq = first;
    this.#highestGiven = first - 1;
    for (let at = this.#head; at < this.#waiting.length; at++)
      this.#waiting[at] = { seq: this.#nextSeq++, frame: this.#waiting[at].frame };
    return this.#waiting.slice(this.#head);
  }
}
