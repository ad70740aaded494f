import { useEffect, useState } from 'preact/hooks';
import { RefusedError } from '../session/api.js';
import { fail } from '../session/session.js';

/** What a page asked the gateway for, as it was answered last. */
export interface Polled<Value> {
  /** Null until the first answer. */
  value: Value | null;
  /** Why the gateway refused the last request; null: it did not. */
  trouble: string | null;
  /** Asks again at once. */
  again(): void;
}

/**
 * Asks the gateway now, every `everyMs`, and again if one of `deps` changes; `everyMs` null: not by time. A gateway that does not
 * answer is shown in the notice of the page, and the last value stays.
 */
export function usePolled<Value>(
  ask: () => Promise<Value>,
  everyMs: number | null,
  deps: readonly unknown[],
): Polled<Value> {
  const [value, setValue] = useState<Value | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    let current = true;
    const load = (): void => {
      ask().then(
        (answer) => {
          if (!current) return;
          setValue(answer);
          setTrouble(null);
        },
        (error: Error) => {
          if (!current) return;
          if (error instanceof RefusedError) setTrouble(error.message);
          else fail(error);
        },
      );
    };
    load();
    const timer = everyMs === null ? undefined : setInterval(load, everyMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [...deps, asked]);
  return { value, trouble, again: () => setAsked((count) => count + 1) };
}
