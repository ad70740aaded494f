import type { CommandMemory, Outcome, RememberedCommand } from './core/command.js';
import type { Change } from './storage.js';

const keyPrefix = 'command:';

/** An entry in the storage. Entries are forgotten in the order in which their commands came. */
interface StoredCommand {
  order: number;
  /** Null: the command began, and its end is unknown. */
  update: (Outcome & { type: 'command_update' }) | null;
}

/**
 * The commands that a client remembers, in its storage. `texts` is what the storage held at the start; `write` resolves when the
 * changes are saved.
 */
export function createCommandMemory(
  texts: ReadonlyMap<string, string>,
  write: (changes: readonly Change[]) => Promise<void>,
): CommandMemory {
  const stored = [...texts]
    .filter(([key]) => key.startsWith(keyPrefix))
    .map(([key, text]) => ({ id: key.slice(keyPrefix.length), ...(JSON.parse(text) as StoredCommand) }))
    .sort((a, b) => a.order - b.order);
  const orders = new Map(stored.map(({ id, order }) => [id, order]));
  let highestOrder = stored.at(-1)?.order ?? 0;
  return {
    load: () => stored.map(({ id, update }): RememberedCommand => ({ id, outcome: outcomeIn(update) })),
    keep({ id, outcome }, forgotten) {
      const order = orders.get(id) ?? ++highestOrder;
      orders.set(id, order);
      for (const other of forgotten) orders.delete(other);
      const entry: StoredCommand = { order, update: outcome === null ? null : { type: 'command_update', ...outcome } };
      return write([
        { key: keyPrefix + id, text: JSON.stringify(entry) },
        ...forgotten.map((other): Change => ({ key: keyPrefix + other, text: null })),
      ]);
    },
  };
}

function outcomeIn(update: StoredCommand['update']): Outcome | null {
  if (update === null) return null;
  const { type: _, ...outcome } = update;
  return outcome;
}
