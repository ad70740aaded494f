/** Work after which a rest may come: with its rests the archiver delays nobody for longer than this. */
const sliceMs = 3;
const restsMax = 3;
/** The part of the time in which a share of the log fills that the work on the share may take. */
const fill = 0.6;

/** Shared by two threads: rests per 1,000 of work. */
export type PaceMemory = Int32Array<SharedArrayBuffer>;

export const createPaceMemory = (): PaceMemory => new Int32Array(new SharedArrayBuffer(4));

/** The archiver's side: it rests as the pacer decides, and continues at once when the pacer hurries it. */
export interface Pace {
  /** Rests if a rest is due; to be called every millisecond or so while there is work. */
  rest(): void;
  /** A piece of work begins. */
  begin(): void;
  /** ms rested since the piece of work began. */
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

/** The side that decides: it spreads the work over the time until there is more, and demands full speed if the work falls behind. */
export interface Pacer {
  /** The archiver has worked for this long, rests not counted. */
  worked(ms: number): void;
  /** The next share of the log is due; shares come `shareMs` apart. */
  spread(shareMs: number): void;
  /** Someone waits for the archiver: no rests until the next share. */
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
