/** Times at most this far apart are looked up by one query. */
const gapMsMax = 10_000;

/** [from, to) in Unix ms. */
export interface TimeSpan {
  from: number;
  to: number;
}

/** The spans of time that hold these times, ascending. Between two neighbours of a span are at most 10 seconds. */
export function spansOf(times: Iterable<number>): TimeSpan[] {
  const spans: TimeSpan[] = [];
  for (const ts of [...times].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last !== undefined && ts - last.to <= gapMsMax) last.to = ts + 1;
    else spans.push({ from: ts, to: ts + 1 });
  }
  return spans;
}
