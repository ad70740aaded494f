import type { ComponentChildren } from 'preact';

/** There is nothing to show: a title that says so, and below it what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>
        <b>{title}</b>
      </p>
      {children}
    </div>
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
