/**
 * The order of readings in a run: by series, then time, then order of storing, so that the first stored of two with the same
 * identity comes first. `local` is the series id of each reading within the day file; `picked` are the readings of that day.
 */
export function orderForRun(picked: Uint32Array, local: Uint32Array, ts: Float64Array, localMax: number): Uint32Array {
  const starts = new Uint32Array(localMax + 2);
  for (let i = 0; i < picked.length; i++) starts[local[picked[i]] + 1]++;
  for (let id = 1; id < starts.length; id++) starts[id] += starts[id - 1];
  const ends = starts.slice();
  const order = new Uint32Array(picked.length);
  for (let i = 0; i < picked.length; i++) {
    const reading = picked[i];
    order[ends[local[reading]]++] = reading;
  }
  for (let id = 0; id <= localMax; id++) sortByTime(order.subarray(starts[id], ends[id]), ts);
  return order;
}

/** Readings mostly arrive in order of time, so most slices are sorted already. */
function sortByTime(order: Uint32Array, ts: Float64Array): void {
  for (let i = 1; i < order.length; i++) {
    if (ts[order[i]] < ts[order[i - 1]]) {
      order.sort((a, b) => ts[a] - ts[b] || a - b);
      return;
    }
  }
}

/** Indexes of the readings of each day, in order of storing. */
export function splitByDay(
  ts: Float64Array,
  readings: number,
  dayOf: (ts: number) => number,
): Map<number, Uint32Array> {
  const counts = new Map<number, number>();
  let last = Number.NaN;
  let lastCount = 0;
  for (let i = 0; i < readings; i++) {
    const day = dayOf(ts[i]);
    if (day !== last) {
      if (lastCount > 0) counts.set(last, lastCount);
      last = day;
      lastCount = counts.get(day) ?? 0;
    }
    lastCount++;
  }
  if (lastCount > 0) counts.set(last, lastCount);
  const days = new Map<number, Uint32Array>();
  const filled = new Map<number, number>();
  for (let i = 0; i < readings; i++) {
    const day = dayOf(ts[i]);
    let picked = days.get(day);
    if (picked === undefined) {
      picked = new Uint32Array(counts.get(day) ?? 0);
      days.set(day, picked);
    }
    const at = filled.get(day) ?? 0;
    picked[at] = i;
    filled.set(day, at + 1);
  }
  return days;
}
