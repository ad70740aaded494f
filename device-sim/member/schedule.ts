interface Entry {
  at: number;
  work: (now: number) => void;
}

/** Work that is due at certain times. */
export interface Schedule {
  /** Adds work for this time, in Unix ms. With an infinite time it is never done. */
  add(at: number, work: (now: number) => void): void;
  /**
   * Does the work that is due, the earliest first, including due work that it adds. `mayContinue` is asked before each piece.
   * Returns false if it stopped before everything was done.
   */
  run(now: number, mayContinue?: () => boolean): boolean;
}

/** A schedule as a binary heap: adding and taking cost the logarithm of the number of entries. */
export function createSchedule(): Schedule {
  const heap: Entry[] = [];

  function up(at: number): void {
    const entry = heap[at];
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent].at <= entry.at) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  function down(at: number): void {
    const entry = heap[at];
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].at < heap[child].at) child++;
      if (heap[child].at >= entry.at) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
  }

  function takeFirst(): Entry {
    const [first] = heap;
    const last = heap.pop() as Entry;
    if (heap.length > 0) {
      heap[0] = last;
      down(0);
    }
    return first;
  }

  return {
    add(at, work) {
      if (at === Number.POSITIVE_INFINITY) return;
      heap.push({ at, work });
      up(heap.length - 1);
    },

    run(now, mayContinue = () => true) {
      while (heap.length > 0 && heap[0].at <= now) {
        if (!mayContinue()) return false;
        takeFirst().work(now);
      }
      return true;
    },
  };
}
