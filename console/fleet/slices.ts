/** How many items a step of a sort takes. One step of 100,000 texts takes some milliseconds. */
const sliceItems = 8_192;

/** The longest that slices of work keep the page from drawing and from answering, ms. */
const turnMs = 12;

/** What items are sorted by; null comes last in both directions. Numbers come before texts. */
export type Key = number | string | null;

/** Sorts in steps, each of which takes a few milliseconds. Items with the same key keep their order. The last step returns the sorted items. */
export function* sortSteps<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
  descending: boolean,
): Generator<void, Item[]> {
  const sign = descending ? -1 : 1;
  const count = items.length;
  const keys: Key[] = [];
  let places = new Uint32Array(count);
  let merged = new Uint32Array(count);
  for (let from = 0; from < count; from += sliceItems) {
    const to = Math.min(count, from + sliceItems);
    for (let i = from; i < to; i++) {
      keys.push(keyOf(items[i]));
      places[i] = i;
    }
    yield;
    places.subarray(from, to).sort((a, b) => compare(keys[a], keys[b], sign) || a - b);
    yield;
  }
  for (let width = sliceItems; width < count; width *= 2) {
    for (let from = 0; from < count; from += 2 * width) {
      const [middle, to] = [Math.min(count, from + width), Math.min(count, from + 2 * width)];
      for (let a = from, b = middle, at = from; at < to; at++) {
        const isFirst = b === to || (a < middle && compare(keys[places[a]], keys[places[b]], sign) <= 0);
        merged[at] = places[isFirst ? a++ : b++];
        if (at % sliceItems === sliceItems - 1) yield;
      }
    }
    [places, merged] = [merged, places];
  }
  return Array.from(places, (place) => items[place]);
}

function compare(a: Key, b: Key, sign: number): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  if (typeof a !== typeof b) return typeof a === 'number' ? -sign : sign;
  return a < b ? -sign : sign;
}

/**
 * Runs steps in turns, between which the page draws and answers, and hands over what the last one returns. Few steps are done before this
 * returns. The returned function ends the work.
 */
export function runInTurns<Result>(steps: Generator<void, Result>, done: (result: Result) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = (): void => {
    const until = performance.now() + turnMs;
    do {
      const step = steps.next();
      if (step.done) return done(step.value);
    } while (performance.now() < until);
    timer = setTimeout(turn);
  };
  turn();
  return () => clearTimeout(timer);
}
