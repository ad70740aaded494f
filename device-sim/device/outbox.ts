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

/** Places before `head` that are let stand before they are cut off. */
const staleMax = 1_024;

export function createOutbox<Frame>(options: OutboxOptions<Frame>) {
  /** Ascending by seq. From `head` on they wait for an ack; from `unsent` on they were not sent on this link. */
  const waiting: Numbered<Frame>[] = [];
  let head = 0;
  let unsent = 0;
  let nextSeq = 1;
  /** The highest number that ever left the device. Only up to here can a lastSeq speak of this device's own frames. */
  let highestSent = 0;
  let window = 0;
  let highestAcked = 0;

  /** All is in its new place before the first callback, which may send. */
  function dropThrough(seq: number, end: number): void {
    const from = head;
    while (head < end && waiting[head].seq <= seq) head++;
    const done = waiting.slice(from, head);
    unsent = Math.max(unsent, head);
    if (head >= staleMax || head === waiting.length) {
      waiting.splice(0, head);
      unsent -= head;
      head = 0;
    }
    for (const { frame, seq: given } of done) options.acked(frame, given);
  }

  return {
    /** False when the buffer is full: the frame is not kept. */
    push(frame: Frame): boolean {
      if (waiting.length - head >= options.framesMax) return false;
      waiting.push({ seq: nextSeq++, frame });
      return true;
    },

    /**
     * A new link (N-3, N-4, N-14, N-15). A number is given by sending it: what waits unsent has only a provisional one. So a device that
     * sent nothing yet, and one whose lastSeq is above all it sent, drops nothing and numbers its buffer from lastSeq + 1.
     */
    welcome(lastSeq: number, newWindow: number): void {
      window = newWindow;
      unsent = head;
      if (lastSeq <= highestSent) return dropThrough(lastSeq, waiting.length);
      nextSeq = lastSeq + 1;
      for (let i = head; i < waiting.length; i++) waiting[i].seq = nextSeq++;
    },

    /** Speaks only of what was sent on this link, whatever the number. */
    ack(seq: number, newWindow: number): void {
      if (newWindow > 0) window = newWindow;
      highestAcked = seq;
      dropThrough(seq, unsent);
    },

    nack(seq: number, code: string): void {
      for (let i = head; i < unsent; i++) {
        if (waiting[i].seq !== seq) continue;
        const [{ frame }] = waiting.splice(i, 1);
        unsent--;
        return options.nacked(frame, seq, code);
      }
    },

    /** The next frame that the window lets go, or null. */
    take(): Numbered<Frame> | null {
      if (unsent >= waiting.length || unsent - head >= window) return null;
      const next = waiting[unsent++];
      highestSent = Math.max(highestSent, next.seq);
      return next;
    },

    /** The link is gone: nothing may be sent before the next welcome. */
    unlinked(): void {
      window = 0;
      unsent = head;
    },

    /** The numbering is forgotten, as by a reboot without memory of it; what waits is kept, and gets new numbers (N-4). */
    forget(): void {
      window = 0;
      unsent = head;
      highestSent = 0;
      nextSeq = 1;
      for (let i = head; i < waiting.length; i++) waiting[i].seq = nextSeq++;
    },

    size: (): number => waiting.length - head,
    inFlight: (): number => unsent - head,
    acked: (): number => highestAcked,
  };
}
