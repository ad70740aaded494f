import type { Batch } from '../columns/batch.js';
import type { Declared } from '../domain/declared.js';
import type { Committed } from '../store/threads/committed.js';
import type { BatchInHand } from './batchInHand.js';

export interface BatcherOptions<Entry> {
  inHand: BatchInHand;
  /** At most one commit starts in this time. */
  intervalMs: number;
  commit(batch: Batch): Promise<Committed>;
  /** `firstAt` is when the first frame of the batch came, in monotonic ms. */
  committed(committed: Committed, entries: Entry[], firstAt: number): void;
  /** The batch in flight and the one behind it are lost; none of their frames is stored. */
  failed(error: Error & { code?: string | null }, entries: Entry[]): void;
  /** Monotonic ms. */
  now(): number;
  /** Calls `run` after `delayMs`; with 0, once the events at hand are handled. */
  schedule(delayMs: number, run: () => void): void;
}

export interface Batcher<Entry> {
  /** The batch that takes what arrives now. */
  batch(): Batch;
  /** Adds an entry that the commit of this batch will answer. */
  enter(entry: Entry): void;
  /** Reports that `size` bytes were put into the batch. */
  added(size: number): void;
  /** Bytes that were taken in and are not on disk yet. */
  queuedBytes(): number;
  /** The number of the batch in hand: an entry made in this turn rides in it. */
  turn(): number;
  /** Resolves when everything taken in so far has been committed or has failed. */
  drained(): Promise<void>;
}

/**
 * Gathers frames into batches and commits them one at a time: what arrives while one is in flight rides in the next,
 * so a slow disk makes larger batches, not more of them.
 */
export function createBatcher<Entry>(options: BatcherOptions<Entry>): Batcher<Entry> {
  const { inHand } = options;
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
    const { batch } = inHand;
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
      inHand.giveBack(result.batch);
    }
    schedule();
  }

  function startNext(): void {
    turn++;
    inHand.turn();
    entries = [];
    bytes = 0;
    dirty = false;
  }

  /** Later frames rely on the names that a lost batch introduced, so they are declared again in the next batch. */
  function fail(error: Error, lost: Entry[], declared: Declared): void {
    const behind = { entries, declared: inHand.batch.declared };
    startNext();
    const next = inHand.batch.declared;
    for (const { series, streams, tables } of [declared, behind.declared]) {
      next.series.push(...series);
      next.streams.push(...streams);
      next.tables.push(...tables);
    }
    options.failed(error, [...lost, ...behind.entries]);
  }

  return {
    batch: () => inHand.batch,
    enter(entry) {
      entries.push(entry);
    },
    added(size) {
      if (!dirty) {
        dirty = true;
        firstAt = options.now();
        schedule();
      }
      bytes += size;
    },
    queuedBytes: () => bytes + bytesInFlight,
    turn: () => turn,
    async drained() {
      while (inFlight !== null || dirty) {
        if (inFlight === null) inFlight = flush();
        await inFlight;
      }
    },
  };
}
