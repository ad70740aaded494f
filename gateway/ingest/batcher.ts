import { type Batch, createBatch, emptyBatch } from '../columns/batch.js';
import type { Declared } from '../domain/declared.js';
import type { Committed } from '../store/threads/calls.js';

export interface BatcherOptions<Entry> {
  /** At most one commit starts in this time. */
  intervalMs: number;
  commit(batch: Batch): Promise<Committed>;
  committed(committed: Committed, entries: Entry[], firstAt: number): void;
  /** The batch in flight and the one behind it are gone; none of their frames is stored. */
  failed(error: Error & { code?: string | null }, entries: Entry[]): void;
  /** Monotonic ms. */
  now(): number;
  /** Calls back after so many ms; 0: when the events at hand are through. */
  schedule(delayMs: number, run: () => void): void;
}

export type Batcher<Entry> = ReturnType<typeof createBatcher<Entry>>;

/**
 * Gathers frames into batches and commits them one at a time: what arrives while one is in flight rides in the next,
 * so a slow disk makes larger batches, not more of them.
 */
export function createBatcher<Entry>(options: BatcherOptions<Entry>) {
  let batch = createBatch();
  let spare: Batch | null = null;
  let entries: Entry[] = [];
  let bytes = 0;
  let bytesInFlight = 0;
  let firstAt = 0;
  let dirty = false;
  let inFlight: Promise<void> | null = null;
  let scheduled = false;
  let turn = 0;
  let lastStart = Number.NEGATIVE_INFINITY;

  function schedule(): void {
    if (scheduled || inFlight !== null || !dirty) return;
    scheduled = true;
    options.schedule(Math.max(0, lastStart + options.intervalMs - options.now()), () => {
      scheduled = false;
      if (inFlight === null && dirty) inFlight = flush();
    });
  }

  async function flush(): Promise<void> {
    const sent = { batch, entries, firstAt, declared: batch.declared };
    lastStart = options.now();
    bytesInFlight = bytes;
    startNext();
    const result = await options.commit(sent.batch).catch((error: Error) => error);
    bytesInFlight = 0;
    inFlight = null;
    if (result instanceof Error) fail(result, sent.entries, sent.declared);
    else {
      options.committed(result, sent.entries, sent.firstAt);
      spare = result.batch;
    }
    schedule();
  }

  function startNext(): void {
    turn++;
    batch = spare === null ? createBatch() : emptyBatch(spare);
    spare = null;
    entries = [];
    bytes = 0;
    dirty = false;
  }

  /** What frames were told of names stays true, so declarations of a lost batch are made again in the next. */
  function fail(error: Error, lost: Entry[], declared: Declared): void {
    const behind = { entries, declared: batch.declared };
    startNext();
    for (const one of [declared, behind.declared]) {
      batch.declared.series.push(...one.series);
      batch.declared.streams.push(...one.streams);
      batch.declared.tables.push(...one.tables);
    }
    options.failed(error, [...lost, ...behind.entries]);
  }

  return {
    /** The batch that takes what arrives now. */
    batch: (): Batch => batch,
    enter(entry: Entry): void {
      entries.push(entry);
    },
    /** Something of so many bytes was put into the batch. */
    added(size: number): void {
      if (!dirty) {
        dirty = true;
        firstAt = options.now();
        schedule();
      }
      bytes += size;
    },
    /** Bytes taken in and not yet on disk. */
    queuedBytes: (): number => bytes + bytesInFlight,
    /** Counts the batches: an entry made in this turn rides in the batch at hand. */
    turn: (): number => turn,
    /** Resolves when everything taken in so far has been committed or has failed. */
    async drained(): Promise<void> {
      while (inFlight !== null || dirty) {
        if (inFlight === null) inFlight = flush();
        await inFlight;
      }
    },
  };
}
