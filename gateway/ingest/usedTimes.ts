/** Beyond this many separate spans, those that were used longest ago may be forgotten. */
const spansMin = 256;
/** Spans that were used within this time are kept. It is longer than a frame can be on its way. */
const keptMs = 120_000;
/** The most spans of one metric, whenever they were used. */
const spansMax = 16_384;

/**
 * The times of one metric that the gateway made up lately, as spans of used milliseconds in ascending order. Neighbours are one
 * span, so a device that sends at every millisecond has one.
 */
export class UsedTimes {
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private readonly usedAt: number[] = [];
  private pruneAt = 2 * spansMin;

  /** The number of separate spans. */
  get spans(): number {
    return this.from.length;
  }

  /** The last millisecond of the span that has this time, or -1 if the time is free. */
  endOf(time: number): number {
    const { from, to } = this;
    const last = from.length - 1;
    if (last < 0 || time > to[last]) return -1;
    const at = this.placeOf(time);
    return at >= 0 && time <= to[at] ? to[at] : -1;
  }

  /** The last used millisecond, or 0. */
  end(): number {
    return this.to.at(-1) ?? 0;
  }

  /** Marks a time as used. `now` is Unix ms. */
  add(time: number, now: number): void {
    const { from, to, usedAt } = this;
    const at = this.placeOf(time);
    if (at >= 0 && time <= to[at]) return;
    const joinsLeft = at >= 0 && to[at] === time - 1;
    const joinsRight = at + 1 < from.length && from[at + 1] === time + 1;
    if (joinsLeft) {
      to[at] = joinsRight ? to[at + 1] : time;
      usedAt[at] = now;
      if (joinsRight) this.remove(at + 1);
    } else if (joinsRight) {
      from[at + 1] = time;
      usedAt[at + 1] = now;
    } else {
      from.splice(at + 1, 0, time);
      to.splice(at + 1, 0, time);
      usedAt.splice(at + 1, 0, now);
      if (from.length > this.pruneAt) this.prune(now);
    }
  }

  /** The last span that begins at or before this time, or -1. */
  private placeOf(time: number): number {
    const { from } = this;
    let [low, high] = [0, from.length];
    if (high > 0 && from[high - 1] <= time) return high - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (from[middle] <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private remove(at: number): void {
    this.from.splice(at, 1);
    this.to.splice(at, 1);
    this.usedAt.splice(at, 1);
  }

  /** Forgets the spans that were used longest ago; of those used at one time, the earliest. */
  private prune(now: number): void {
    const { from, to, usedAt } = this;
    const oldestFirst = Array.from(usedAt.keys()).sort((a, b) => usedAt[a] - usedAt[b]);
    let count = 0;
    while (count < from.length - spansMin && usedAt[oldestFirst[count]] < now - keptMs) count++;
    if (from.length > spansMax) count = Math.max(count, from.length - spansMax / 2);
    const forgotten = new Set(oldestFirst.slice(0, count));
    let kept = 0;
    for (let at = 0; at < from.length; at++) {
      if (forgotten.has(at)) continue;
      from[kept] = from[at];
      to[kept] = to[at];
      usedAt[kept++] = usedAt[at];
    }
    from.length = to.length = usedAt.length = kept;
    this.pruneAt = Math.min(2 * Math.max(spansMin, kept), spansMax);
  }
}
