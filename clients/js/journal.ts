import type { Numbered, RememberedNumbering } from './core/outbox.js';
import type { Timing } from './core/timing.js';
import type { Reading } from './readings.js';
import type { Change, Storage } from './storage.js';

const framePrefix = 'frame:';
const highestGivenKey = 'given';

/**
 * A frame in the storage. A reading with an age has the moment of measuring by the device's own clock, because the steady clock
 * starts again with the program.
 */
interface StoredFrame {
  seq: number;
  values: Reading['values'];
  ts?: number;
  measuredAt?: number;
}

/** What a client saves, in the order of its calls: its frames, the highest number that it gave, and its commands. */
export class Journal {
  /** What the storage held at the start, by key. */
  readonly texts: ReadonlyMap<string, string>;
  /** The numbering that the storage held at the start. */
  readonly numbering: RememberedNumbering<Reading>;
  readonly #storage: Storage;
  /** From the device's own clock to its steady clock, in ms. */
  readonly #steadyOffsetMs: number;
  readonly #keys = new WeakMap<Reading, string>();
  #highestPlace = 0;
  #highestGiven: number;
  #lastWrite: Promise<void> = Promise.resolve();

  /** Reads the storage. Rejects if it cannot be read. */
  static async open(storage: Storage, timing: Timing): Promise<Journal> {
    return new Journal(storage, await storage.load(), timing);
  }

  private constructor(storage: Storage, texts: ReadonlyMap<string, string>, timing: Timing) {
    this.#storage = storage;
    this.texts = texts;
    this.#steadyOffsetMs = timing.elapsedMs() - timing.now();
    this.#highestGiven = Number(texts.get(highestGivenKey) ?? 0);
    const frames = [...texts]
      .filter(([key]) => key.startsWith(framePrefix))
      .map(([key, text]) => this.#restored(key, text))
      .sort((a, b) => a.seq - b.seq);
    this.numbering = { frames, highestGiven: this.#highestGiven };
  }

  /** Saves frames, or the new numbers of frames that were saved before. */
  saveFrames(frames: readonly Numbered<Reading>[]): Promise<void> {
    return this.write(frames.map((numbered) => ({ key: this.#keyOf(numbered.frame), text: this.#textOf(numbered) })));
  }

  removeFrames(frames: readonly Numbered<Reading>[]): Promise<void> {
    return this.write(frames.map(({ frame }) => ({ key: this.#keyOf(frame), text: null })));
  }

  /** Resolves when frames with numbers up to this one may be sent (N-16). */
  saveHighestGiven(seq: number): Promise<void> {
    if (seq === this.#highestGiven) return this.#lastWrite;
    this.#highestGiven = seq;
    return this.write([{ key: highestGivenKey, text: String(seq) }]);
  }

  /** Saves changes. Writes follow one another, so a later change never counts without the earlier ones. */
  write(changes: readonly Change[]): Promise<void> {
    const written = this.#lastWrite.then(() => this.#storage.write(changes));
    this.#lastWrite = written.catch(() => {});
    return written;
  }

  /** Resolves when every write so far has ended. */
  flushed(): Promise<void> {
    return this.#lastWrite;
  }

  #restored(key: string, text: string): Numbered<Reading> {
    const { seq, values, ts, measuredAt = 0 } = JSON.parse(text) as StoredFrame;
    const time = ts === undefined ? { measuredAt: measuredAt + this.#steadyOffsetMs } : { ts };
    const frame: Reading = { values, time };
    this.#keys.set(frame, key);
    this.#highestPlace = Math.max(this.#highestPlace, Number(key.slice(framePrefix.length)));
    return { seq, frame };
  }

  #keyOf(frame: Reading): string {
    const key = this.#keys.get(frame) ?? `${framePrefix}${++this.#highestPlace}`;
    this.#keys.set(frame, key);
    return key;
  }

  #textOf({ seq, frame: { values, time } }: Numbered<Reading>): string {
    const stored: StoredFrame =
      'ts' in time ? { seq, values, ts: time.ts } : { seq, values, measuredAt: time.measuredAt - this.#steadyOffsetMs };
    return JSON.stringify(stored);
  }
}
