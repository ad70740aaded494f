/**
 * A device's numbering and its buffer of unacknowledged frames (PROTOCOL.md, Numbering and Window), apart from any socket.
 * Frames are kept as they are given, and encoded with their number when they are sent, since a welcome may renumber them.
 */
export interface Numbered<Frame> {
  seq: number;
  frame: Frame;
}

export interface OutboxOptions<Frame> {
  /** Frames kept while they cannot be acknowledged. */
  framesMax: number;
  /** Stored, or covered by the lastSeq of a welcome. */
  acked(frame: Frame, seq: number): void;
  /** Refused for good; the code is the gateway's. */
  nacked(frame: Frame, seq: number, code: string): void;
}

export function createOutbox<Frame>(options: OutboxOptions<Frame>) {
  let waiting: Numbered<Frame>[] = [];
  /** Index in `waiting` of the first frame not sent on this link. */
  let unsent = 0;
  let nextSeq = 1;
  let window = 0;

  function dropThrough(seq: number): void {
    let count = 0;
    while (count < waiting.length && waiting[count].seq <= seq) {
      options.acked(waiting[count].frame, waiting[count].seq);
      count++;
    }
    waiting = count === 0 ? waiting : waiting.slice(count);
    unsent = Math.max(0, unsent - count);
  }

  return {
    /** False when the buffer is full: the frame is not kept. */
    push(frame: Frame): boolean {
      if (waiting.length >= options.framesMax) return false;
      waiting.push({ seq: nextSeq++, frame });
      return true;
    },

    /**
     * A new link. Without memory of its numbering, or where lastSeq is above any number it ever gave, the device drops
     * nothing and numbers its buffer from lastSeq + 1; else what lastSeq covers is stored.
     */
    welcome(lastSeq: number, newWindow: number): void {
      window = newWindow;
      unsent = 0;
      if (lastSeq < nextSeq) return dropThrough(lastSeq);
      nextSeq = lastSeq + 1;
      for (const numbered of waiting) numbered.seq = nextSeq++;
    },

    ack(seq: number, newWindow: number): void {
      if (newWindow > 0) window = newWindow;
      dropThrough(seq);
    },

    nack(seq: number, code: string): void {
      const at = waiting.findIndex((numbered) => numbered.seq === seq);
      if (at < 0) return;
      const [{ frame }] = waiting.splice(at, 1);
      if (at < unsent) unsent--;
      options.nacked(frame, seq, code);
    },

    /** The next frame that the window lets go, or null. */
    take(): Numbered<Frame> | null {
      return unsent < waiting.length && unsent < window ? waiting[unsent++] : null;
    },

    /** The link is gone: nothing may be sent before the next welcome. */
    unlinked(): void {
      window = 0;
      unsent = 0;
    },

    /** Loses the numbering and the buffer, as a device without storage does when it reboots. */
    forget(): void {
      waiting = [];
      unsent = 0;
      nextSeq = 1;
    },

    size: (): number => waiting.length,
    inFlight: (): number => unsent,
  };
}
