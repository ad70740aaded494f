import { useState } from 'preact/hooks';
import { Icon } from './icons.js';

/** A text to paste elsewhere. Where the browser gives no clipboard to the page, the text is selected instead. */
export function CopyBlock({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState('');
  return (
    <div class="copy-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard (WCAG 2.1.1) */}
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
            () => setDone('Copied'),
            () => {
              getSelection()?.selectAllChildren(block);
              setDone('Selected: copy it now');
            },
          );
        }}
      >
        <Icon name="copy" /> <span aria-live="polite">{done === '' ? 'Copy' : done}</span>
      </button>
    </div>
  );
}

/** Only pages of a secure origin have a clipboard. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard === undefined) throw new Error('no clipboard');
  await navigator.clipboard.writeText(text);
}
