/** The archiver may rest after this much work, so that it delays other threads for no longer. */
const sliceMs = 3;
const restsMax = 3;
/** The work on a share of the log may take this part of the time in which the share fills. */
const fill = 0.6;

/** Shared by two threads: rests per 1,000 of work. */
export type PaceMemory = Int32Array<SharedArrayBuffer>;

export const createPaceMemory = (): PaceMemory => new Int32Array(new SharedArrayBuffer(4));

/** The archiver's side: it rests as the pacer decides, and continues at once when the pacer hurries it. */
export interface Pace {
  /** Rests if a rest is due. To be called about every millisecond while there is work. */
  rest(): void;
  /** Begins a piece of work. */
  begin(): void;
  /** The ms of rests since the piece of work began. */
  rested(): number;
}

export function createPace(memory: PaceMemory): Pace {
  let since = performance.now();
  let rested = 0;
  return {
    rest() {
      const now = performance.now();
      const share = Atomics.load(memory, 0);
      if (share === 0 || now - since < sliceMs) return;
      Atomics.wait(memory, 0, share, ((now - since) * share) / 1000);
      since = performance.now();
      rested += since - now;
    },
    begin() {
      since = performance.now();
      rested = 0;
    },
    rested: () => rested,
  };
}

/** The deciding side. It spreads the work over the time until the next work is due, and demands full speed if the work falls behind. */
export interface Pacer {
  /** Notes how long the archiver has worked, without rests. */
  worked(ms: number): void;
  /** Sets the rests for the next share of the log. Shares are due `shareMs` apart. */
  spread(shareMs: number): void;
  /** Stops the rests until the next share, because a caller waits for the archiver. */
  hurry(): void;
}

export function createPacer(memory: PaceMemory): Pacer {
  let workedMs = 0;
  return {
    worked(ms) {
      workedMs += ms;
    },
    spread(shareMs) {
      const rests = workedMs === 0 ? 0 : (fill * shareMs) / workedMs - 1;
      Atomics.store(memory, 0, Math.round(1000 * Math.min(restsMax, Math.max(0, rests))));
      workedMs = 0;
    },
    hurry() {
      Atomics.store(memory, 0, 0);
      Atomics.notify(memory, 0);
    },
  };
}
