import type { ComponentChildren } from 'preact';

/** Nothing to show, and what to do about it. */
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

/** Something went wrong here, and what to do about it. */
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
