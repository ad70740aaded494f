import type { FrameTimes, SeriesRules } from './rules.js';
import type { Source } from './source.js';
import { UsedTimes } from './usedTimes.js';

/** By metric, times of a frame: Unix ms, in any order. */
export type TimesByMetric = ReadonlyMap<string, readonly number[]>;

/** By metric, the device's own times of a frame. */
export type OwnTimes = ReadonlyMap<string, ReadonlySet<number>>;

/** How many times are looked up for one frame; that takes some tenths of a millisecond. */
const looksMax = 20_000;

/**
 * Returns by how many ms the times that the gateway makes up for a frame must be later, so that none of them meets another one of
 * its metric, whatever made that: an age, or a frame without a time. Two frames of a device without a clock may have different
 * network delays, and the difference may equal the time between their samples. Then both readings would have the same millisecond,
 * and one of them would be dropped as a repeat although it was acknowledged (PROTOCOL.md, Identity and time). `fixed` are the
 * device's own times in the same frame, which stay as they are.
 *
 * Returns null if a time would be later than `madeUpMax`: there is no room until the clock has advanced. Waiting always helps,
 * because each ms of it is a free one.
 */
export function keepApart(
  source: Source,
  made: TimesByMetric,
  fixed: OwnTimes | null,
  { receivedAt, madeUpMax }: Pick<FrameTimes, 'receivedAt' | 'madeUpMax'>,
  rules: Pick<SeriesRules, 'usedBefore'>,
): number | null {
  const { given, series } = source;
  for (const metric of made.keys()) {
    if (given.has(metric)) continue;
    const used = new UsedTimes();
    given.set(metric, used);
    const known = series.get(metric);
    if (known !== undefined) for (const time of rules.usedBefore(known)) used.add(time, receivedAt);
  }
  const delay = delayOf(given, made, fixed, madeUpMax ?? Number.POSITIVE_INFINITY);
  if (delay !== null)
    for (const [metric, times] of made) for (const time of times) given.get(metric)?.add(time + delay, receivedAt);
  return delay;
}

type Given = ReadonlyMap<string, UsedTimes>;

function delayOf(given: Given, made: TimesByMetric, fixed: OwnTimes | null, latest: number): number | null {
  const [first, last] = ends(made);
  let delay = 0;
  for (let looks = 0; last + delay <= latest; ) {
    let needed = 0;
    for (const [metric, times] of made) {
      const used = given.get(metric);
      const own = fixed?.get(metric);
      for (const time of times) {
        const end = Math.max(used?.endOf(time + delay) ?? -1, own?.has(time + delay) ? time + delay : -1);
        if (end >= 0) needed = Math.max(needed, end + 1 - (time + delay));
      }
      looks += times.length;
    }
    if (needed === 0) return delay;
    delay += needed;
    if (looks > looksMax) {
      delay = behindAll(given, made, fixed) - first;
      return last + delay <= latest ? delay : null;
    }
  }
  return null;
}

/** The first time behind everything that the metrics of the frame have. */
function behindAll(given: Given, made: TimesByMetric, fixed: OwnTimes | null): number {
  let end = fixed === null ? 0 : ends(fixed)[1];
  for (const metric of made.keys()) end = Math.max(end, given.get(metric)?.end() ?? 0);
  return end + 1;
}

function ends(times: ReadonlyMap<string, Iterable<number>>): [first: number, last: number] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const some of times.values()) {
    for (const time of some) {
      if (time < first) first = time;
      if (time > last) last = time;
    }
  }
  return [first, last];
}
