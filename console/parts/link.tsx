import type { ComponentChildren } from 'preact';
import { addressOf } from '../session/base.js';
import { go } from './router.js';

interface LinkProps {
  /** A path of the console, with its query. */
  to: string;
  children: ComponentChildren;
  class?: string;
  /** What screen readers announce instead of the children. */
  label?: string;
  /** What hovering shows. */
  title?: string;
  /** True if it leads to the page that is shown. */
  current?: boolean;
}

/** A link within the console, which loads no new page. With Ctrl, Cmd or Shift the browser opens it in a new tab or window. */
export function Link({ to, children, label, title, current, class: name }: LinkProps) {
  return (
    <a
      href={addressOf(to)}
      class={name}
      aria-label={label}
      title={title}
      aria-current={current === true ? 'page' : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
