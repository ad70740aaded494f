/** Work after which a rest may come: with its rests the archiver is in nobody's way for longer than this. */
const sliceMs = 3;
const restsMax = 3;
/** Of the time that a share of the log took to fill, what the work on it may take. */
const fill = 0.6;

/** Shared by two threads: rests per 1,000 of work. */
export type PaceMemory = Int32Array<SharedArrayBuffer>;

export const createPaceMemory = (): PaceMemory => new Int32Array(new SharedArrayBuffer(4));

export type Pace = ReturnType<typeof createPace>;

/** The archiver's side: it rests as it is told, and goes on at once when it is told to hurry. */
export function createPace(memory: PaceMemory) {
  let since = performance.now();
  let rested = 0;
  return {
    /** To be called every millisecond or so while there is work. */
    rest(): void {
      const now = performance.now();
      const share = Atomics.load(memory, 0);
      if (share === 0 || now - since < sliceMs) return;
      Atomics.wait(memory, 0, share, ((now - since) * share) / 1000);
      since = performance.now();
      rested += since - now;
    },
    /** A piece of work begins. */
    begin(): void {
      since = performance.now();
      rested = 0;
    },
    /** ms rested since then. */
    rested: (): number => rested,
  };
}

/** The side that decides: work is spread over the time until there is more, and at full speed where it falls behind. */
export function createPacer(memory: PaceMemory) {
  let workedMs = 0;
  return {
    worked(ms: number): void {
      workedMs += ms;
    },
    /** The next share of the log is due; so many ms are between one and the next. */
    spread(shareMs: number): void {
      const rests = workedMs === 0 ? 0 : (fill * shareMs) / workedMs - 1;
      Atomics.store(memory, 0, Math.round(1000 * Math.min(restsMax, Math.max(0, rests))));
      workedMs = 0;
    },
    /** Someone waits for it. */
    hurry(): void {
      Atomics.store(memory, 0, 0);
      Atomics.notify(memory, 0);
    },
  };
}
