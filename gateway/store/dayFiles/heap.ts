/** A binary heap of sources that are merged. The least one is at the top. */
export interface Heap<Item> {
  add(item: Item): void;
  top(): Item | undefined;
  /** Moves the top to its new place after its row has changed. */
  topChanged(): void;
  removeTop(): void;
}

export function createHeap<Item>(less: (a: Item, b: Item) => boolean): Heap<Item> {
  const items: Item[] = [];

  function down(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= items.length) return;
      const child = left + 1 < items.length && less(items[left + 1], items[left]) ? left + 1 : left;
      if (!less(items[child], items[at])) return;
      [items[at], items[child]] = [items[child], items[at]];
      at = child;
    }
  }

  return {
    add(item) {
      let at = items.push(item) - 1;
      for (let up = (at - 1) >> 1; at > 0 && less(items[at], items[up]); at = up, up = (at - 1) >> 1)
        [items[at], items[up]] = [items[up], items[at]];
    },
    top: () => items[0],
    topChanged: down,
    removeTop() {
      const last = items.pop();
      if (last === undefined || items.length === 0) return;
      items[0] = last;
      down();
    },
  };
}
