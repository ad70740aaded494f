/**
 * parts/ holds what several folders of the console use: the frame of a page, links, times, texts, icons. A part knows no device,
 * no command and no page; it may know the session.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface MainProps {
  /** What the heading says, unless `heading` is given. */
  title: string;
  /** A heading with more than text, such as a link back. */
  heading?: ComponentChildren;
  /** Buttons beside the heading. */
  actions?: ComponentChildren;
  /** A CSS class that chooses the layout of the page. */
  class?: string;
  children: ComponentChildren;
}

/** The frame of every page. The heading takes the focus when the page opens, so that screen readers announce the page. */
export function Main({ title, heading, actions, class: name, children }: MainProps) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus({ preventScroll: true }), []);
  return (
    <main id="page" class={name}>
      <div class="head">
        <h1 ref={head} tabIndex={-1}>
          {heading ?? title}
        </h1>
        <div class="actions">{actions}</div>
      </div>
      {children}
    </main>
  );
}
