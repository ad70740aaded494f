import type { ComponentChildren } from 'preact';
import { go } from './router.js';

interface LinkProps {
  to: string;
  children: ComponentChildren;
  class?: string;
  label?: string;
  current?: boolean;
}

/** A link within the console; with a modifier key it opens elsewhere, as links do. */
export function Link({ to, children, label, current, class: name }: LinkProps) {
  return (
    <a
      href={to}
      class={name}
      aria-label={label}
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
