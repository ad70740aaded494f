import type { Reading } from './frames.js';
import type { Numbered } from './outbox.js';
import type { Change, Storage } from './storage.js';
import type { Timing } from './timing.js';

const framePrefix = 'frame:';
const givenKey = 'given';

/** A reading as it is kept: an age is kept by the device's own clock, the only one that goes on over a restart. */
interface KeptReading {
  seq: number;
  values: Reading['values'];
  ts?: number;
  measuredAt?: number;
}

/** What a client writes down, in order: its frames under places of their own, and the highest number it ever gave. */
export async function createJournal(storage: Storage, timing: Timing) {
  const texts = await storage.load();
  /** From the device's clock to its steady one. */
  const steadyOffset = timing.elapsedMs() - timing.now();
  const keys = new WeakMap<Reading, string>();
  let place = 0;
  let last: Promise<void> = Promise.resolve();
  const frames = [...texts].filter(([key]) => key.startsWith(framePrefix)).map(restore);
  let given = Number(texts.get(givenKey) ?? 0);

  function restore([key, text]: [string, string]): Numbered<Reading> {
    const { seq, values, ts, measuredAt = 0 } = JSON.parse(text) as KeptReading;
    const time = ts === undefined ? { measuredAt: measuredAt + steadyOffset } : { ts };
    const frame: Reading = { values, time };
    keys.set(frame, key);
    place = Math.max(place, Number(key.slice(framePrefix.length)));
    return { seq, frame };
  }

  function keyOf(frame: Reading): string {
    const key = keys.get(frame) ?? `${framePrefix}${++place}`;
    keys.set(frame, key);
    return key;
  }

  function textOf({ seq, frame: { values, time } }: Numbered<Reading>): string {
    const kept: KeptReading =
      'ts' in time ? { seq, values, ts: time.ts } : { seq, values, measuredAt: time.measuredAt - steadyOffset };
    return JSON.stringify(kept);
  }

  /** One write after the other: what is written later never counts before what was written earlier. */
  function write(changes: readonly Change[]): Promise<void> {
    const done = last.then(() => storage.write(changes));
    last = done.catch(() => {});
    return done;
  }

  return {
    texts,
    kept: { frames: frames.sort((a, b) => a.seq - b.seq), highestGiven: given },
    write,
    put: (numbered: readonly Numbered<Reading>[]): Promise<void> =>
      write(numbered.map((one) => ({ key: keyOf(one.frame), text: textOf(one) }))),
    remove: (numbered: readonly Numbered<Reading>[]): Promise<void> =>
      write(numbered.map(({ frame }) => ({ key: keyOf(frame), text: null }))),
    /** Resolves when numbers up to `highest` may be given. */
    give(highest: number): Promise<void> {
      if (highest === given) return last;
      given = highest;
      return write([{ key: givenKey, text: String(highest) }]);
    },
    settled: (): Promise<void> => last,
  };
}
