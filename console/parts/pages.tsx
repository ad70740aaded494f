import { useEffect, useState } from 'preact/hooks';
import { type Page, RefusedError } from '../session/api.js';
import { fail } from '../session/session.js';

/** A list that the gateway answers in pages, as far as it was read. */
export interface Pages<Item> {
  /** Null until the first answer. */
  items: Item[] | null;
  /** Reads the next page; null if there is none. */
  more: (() => void) | null;
  /** Why the gateway refused the last request; null: it did not. */
  trouble: string | null;
  /** Reads the first page again. */
  again(): void;
}

/**
 * Reads the first page now and if one of `deps` changes, and further pages when they are asked for. While only the first page is
 * shown it is read again every `everyMs`; null: it is not.
 */
export function usePages<Item>(
  ask: (cursor: string | null) => Promise<Page<Item>>,
  everyMs: number | null,
  deps: readonly unknown[],
): Pages<Item> {
  const [pages, setPages] = useState<Page<Item>[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  // Changes with `deps`: an answer to an older question is dropped.
  const [question] = useState({ number: 0 });
  const read = (cursor: string | null, before: Page<Item>[]): void => {
    const { number } = question;
    ask(cursor).then(
      (page) => {
        if (number !== question.number) return;
        setPages([...before, page]);
        setTrouble(null);
      },
      (error: Error) => {
        if (number !== question.number) return;
        if (error instanceof RefusedError) setTrouble(error.message);
        else fail(error);
      },
    );
  };
  useEffect(() => {
    question.number++;
    read(null, []);
  }, [...deps, asked]);
  useEffect(() => {
    if (everyMs === null || pages.length !== 1) return;
    const timer = setInterval(() => read(null, []), everyMs);
    return () => clearInterval(timer);
  }, [pages.length, ...deps]);
  const next = pages.at(-1)?.next ?? null;
  return {
    items: pages.length === 0 ? null : pages.flatMap(({ items }) => items),
    more: next === null ? null : () => read(next, pages),
    trouble,
    again: () => setAsked((count) => count + 1),
  };
}

/** The button below a list that has more pages. */
export function More({ of: { more } }: { of: { more: (() => void) | null } }) {
  if (more === null) return null;
  return (
    <p class="older">
      <button type="button" class="quiet" onClick={more}>
        Show older
      </button>
    </p>
  );
}
