/** Ends a situation: something did not happen in time, which breaks this rule. */
export class Broken extends Error {
  constructor(
    readonly rule: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** Generous, because several clients start at once on a small machine. */
export const patienceMs = 40_000;

export interface Inbox<Item> {
  push(item: Item): void;
  /** Takes the next item that is wanted. Throws Broken, with the rule and `no ${what}`, if none comes within `ms`. */
  next(rule: string, what: string, wanted?: (item: Item) => boolean, ms?: number): Promise<Item>;
  /** The items that came and were not taken. */
  left(): readonly Item[];
  clear(): void;
}

/** Items in the order in which they came; each is taken once. */
export function createInbox<Item>(): Inbox<Item> {
  let items: Item[] = [];
  const takers: { wanted: (item: Item) => boolean; take: (item: Item) => void }[] = [];
  return {
    push(item: Item): void {
      const at = takers.findIndex(({ wanted }) => wanted(item));
      if (at < 0) items.push(item);
      else takers.splice(at, 1)[0].take(item);
    },
    next(rule: string, what: string, wanted: (item: Item) => boolean = () => true, ms = patienceMs): Promise<Item> {
      const at = items.findIndex(wanted);
      if (at >= 0) return Promise.resolve(items.splice(at, 1)[0]);
      return new Promise((resolve, reject) => {
        const taker = {
          wanted,
          take(item: Item) {
            clearTimeout(timer);
            resolve(item);
          },
        };
        const timer = setTimeout(() => {
          takers.splice(takers.indexOf(taker), 1);
          reject(new Broken(rule, `no ${what} within ${ms / 1000} s`));
        }, ms);
        // If the situation ends first, for example with its client, nothing waits for this timer.
        timer.unref();
        takers.push(taker);
      });
    },
    left: () => items,
    clear(): void {
      items = [];
    },
  };
}

/** To see that something does not happen, time must pass. */
export const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
