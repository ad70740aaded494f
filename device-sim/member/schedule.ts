interface Entry {
  at: number;
  work: (now: number) => void;
}

export type Schedule = ReturnType<typeof createSchedule>;

/** What is to be done when, as a binary heap: an entry costs the logarithm of how many there are. */
export function createSchedule() {
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
    /** Never, where `at` is infinite. */
    add(at: number, work: (now: number) => void): void {
      if (at === Number.POSITIVE_INFINITY) return;
      heap.push({ at, work });
      up(heap.length - 1);
    },

    /**
     * Does what is due, the earliest first; what that adds is done too where it is due. False where it was told to stop before
     * all was done.
     */
    run(now: number, mayGoOn: () => boolean = () => true): boolean {
      while (heap.length > 0 && heap[0].at <= now) {
        if (!mayGoOn()) return false;
        takeFirst().work(now);
      }
      return true;
    },
  };
}
