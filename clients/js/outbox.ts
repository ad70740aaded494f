import { seqJumpMax, seqMax } from './protocol.js';

/** A frame and its number, which is provisional until the frame is sent (N-15). */
export interface Numbered<Frame> {
  seq: number;
  frame: Frame;
}

export interface OutboxOptions<Frame> {
  /** Frames kept. */
  framesMax: number;
  /** What was kept over a restart: the frames, and the highest number ever given. */
  kept?: { frames: readonly Numbered<Frame>[]; highestGiven: number };
}

export type Outbox<Frame> = ReturnType<typeof createOutbox<Frame>>;

/** Places before `head` that are let stand before they are cut off. */
const staleMax = 1_024;

/**
 * Numbering, window, and the buffer of what is not acknowledged (PROTOCOL.md sections 2 and 4), apart from any socket or
 * disk. Each step returns what it did; nothing is called back.
 */
export function createOutbox<Frame>({ framesMax, kept }: OutboxOptions<Frame>) {
  /** Ascending by seq. From `head` on not acknowledged; from `unsent` on not sent on this link. */
  const waiting: Numbered<Frame>[] = [...(kept?.frames ?? [])];
  let head = 0;
  let unsent = 0;
  let highestGiven = kept?.highestGiven ?? 0;
  let nextSeq = Math.max(highestGiven, waiting.at(-1)?.seq ?? 0) + 1;
  let window = 0;

  function dropThrough(seq: number, end: number): Numbered<Frame>[] {
    const from = head;
    while (head < end && waiting[head].seq <= seq) head++;
    const done = waiting.slice(from, head);
    unsent = Math.max(unsent, head);
    if (head >= staleMax || head === waiting.length) {
      waiting.splice(0, head);
      unsent -= head;
      head = 0;
    }
    return done;
  }

  function renumber(first: number): Numbered<Frame>[] {
    nextSeq = first;
    highestGiven = first - 1;
    for (let i = head; i < waiting.length; i++) waiting[i] = { seq: nextSeq++, frame: waiting[i].frame };
    return waiting.slice(head);
  }

  return {
    /** Null when the buffer is full: the frame is not kept. */
    push(frame: Frame): Numbered<Frame> | null {
      if (waiting.length - head >= framesMax || nextSeq > seqMax) return null;
      const numbered = { seq: nextSeq++, frame };
      waiting.push(numbered);
      return numbered;
    },

    /** N-3, N-4, N-14, N-17: what is stored by now, and what has got another number. */
    welcome(lastSeq: number, newWindow: number): { stored: Numbered<Frame>[]; renumbered: Numbered<Frame>[] } {
      window = newWindow;
      unsent = head;
      const stored = lastSeq <= highestGiven ? dropThrough(lastSeq, waiting.length) : [];
      const next = waiting[head]?.seq ?? nextSeq;
      const fits = lastSeq <= highestGiven && next - lastSeq <= seqJumpMax;
      return { stored, renumbered: fits ? [] : renumber(lastSeq + 1) };
    },

    /** What is stored by now; it speaks only of what was sent on this link. */
    ack(seq: number, newWindow: number): Numbered<Frame>[] {
      if (newWindow > 0) window = newWindow;
      return dropThrough(seq, unsent);
    },

    /** The frame that never goes again, or null where the number is of none that is in flight. */
    nack(seq: number): Numbered<Frame> | null {
      for (let i = head; i < unsent; i++) {
        if (waiting[i].seq !== seq) continue;
        unsent--;
        return waiting.splice(i, 1)[0];
      }
      return null;
    },

    /** The frames that the window lets go now; their numbers are given by this. */
    take(): Numbered<Frame>[] {
      const end = Math.min(waiting.length, head + Math.max(window, unsent - head));
      const taken = waiting.slice(unsent, end);
      unsent = end;
      highestGiven = Math.max(highestGiven, taken.at(-1)?.seq ?? 0);
      return taken;
    },

    /** Nothing may be sent before the next welcome. */
    unlinked(): void {
      window = 0;
      unsent = head;
    },

    size: (): number => waiting.length - head,
    inFlight: (): number => unsent - head,
    highestGiven: (): number => highestGiven,
  };
}
