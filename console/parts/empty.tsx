import type { ComponentChildren } from 'preact';
import { setParams } from './router.js';

interface EmptyProps {
  title: string;
  /** What is shown here, or why there is nothing. */
  children?: ComponentChildren;
  /** The button or link that leads on. */
  action: ComponentChildren;
}

/** There is nothing to show: a title that says so, and below it what to do, with a button. */
export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div class="empty">
      <p>
        <b>{title}</b>
      </p>
      {children}
      <p class="buttons">{action}</p>
    </div>
  );
}

/** The button of a list in which the filters of the address find nothing: it removes these filters. */
export function ShowAll({ filters, children }: { filters: readonly string[]; children: ComponentChildren }) {
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => setParams(Object.fromEntries(filters.map((name) => [name, ''])))}
    >
      {children}
    </button>
  );
}

/** A sentence that says what went wrong, with a button to retry if `retry` is given. */
export function Failed({ what, retry }: { what: string; retry?: () => void }) {
  return (
    <p class="notice" role="alert">
      {what}{' '}
      {retry !== undefined && (
        <button type="button" class="quiet" onClick={retry}>
          Try again
        </button>
      )}
    </p>
  );
}
