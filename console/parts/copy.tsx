import { useState } from 'preact/hooks';
import { Icon } from './icons.js';

/** A text with a button that copies it. If the browser denies the clipboard, the button selects the text instead. */
export function CopyBlock({ text, label, copied }: { text: string; label: string; copied?: () => void }) {
  const [done, setDone] = useState('');
  return (
    <div class="copy-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard (WCAG 2.1.1) */}
      <section tabIndex={0} aria-label={label}>
        <pre>
          <code>{text}</code>
        </pre>
      </section>
      <button
        type="button"
        class="quiet"
        onClick={(event) => {
          const block = event.currentTarget.previousElementSibling as HTMLElement;
          copy(text).then(
            () => {
              setDone('Copied');
              copied?.();
            },
            () => {
              getSelection()?.selectAllChildren(block);
              setDone('Selected: press Ctrl+C');
            },
          );
        }}
      >
        <Icon name="copy" /> <span aria-live="polite">{done === '' ? 'Copy' : done}</span>
      </button>
    </div>
  );
}

/** Rejects if there is no clipboard: browsers give one only to pages of a secure origin (HTTPS or localhost). */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard === undefined) throw new Error('no clipboard');
  await navigator.clipboard.writeText(text);
}
