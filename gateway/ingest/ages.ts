import type { Source } from './source.js';

/** A reading of the frame at hand whose time was told as an age: its metric, and its time by the frame's receipt. */
export type Aged = [metric: string, ts: number];

/** The times that ages of one metric became lately: those of eight frames at least, within `kept`. */
export interface GivenTimes {
  times: number[];
  newest: number;
}

const kept = { frames: 8, min: 16, max: 256 };

/** Readings looked at for one frame, tries times readings, so that no frame takes more than a millisecond or two here. */
const looksMax = 4_096;

/**
 * The ms by which a frame must count as received later, so that each of its ages becomes a time of its own. Of two frames of a
 * device without a clock the first may be longer on the way than the second, by just what lies between their samples: both
 * readings would have one millisecond, and one of them, though acknowledged, would be dropped as a repeat (PROTOCOL.md, I-4).
 */
export function keepApart({ given }: Source, aged: readonly Aged[], rows: number): number {
  const delay = delayOf(given, aged);
  const least = Math.min(Math.max(kept.frames * rows, kept.min), kept.max);
  for (const [metric, ts] of aged) {
    const known = given.get(metric);
    if (known === undefined) given.set(metric, { times: [ts + delay], newest: ts + delay });
    else remember(known, ts + delay, least);
  }
  return delay;
}

function remember(known: GivenTimes, ts: number, least: number): void {
  known.times.push(ts);
  known.newest = Math.max(known.newest, ts);
  if (known.times.length >= 2 * least) known.times.splice(0, known.times.length - least);
}

/** The smallest that fits; where that would be long to find, one after all that was given. */
function delayOf(given: ReadonlyMap<string, GivenTimes>, aged: readonly Aged[]): number {
  const wasGiven = ([metric, ts]: Aged, delay: number): boolean => {
    const known = given.get(metric);
    return known !== undefined && ts + delay <= known.newest && known.times.includes(ts + delay);
  };
  const tries = Math.ceil(looksMax / (aged.length + 1));
  for (let delay = 0; delay < tries; delay++) if (!aged.some((reading) => wasGiven(reading, delay))) return delay;
  return aged.reduce((most, [metric, ts]) => Math.max(most, 1 + (given.get(metric)?.newest ?? 0) - ts), 0);
}
