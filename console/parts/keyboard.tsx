import { useEffect, useRef } from 'preact/hooks';

const shortcuts: [key: string, what: string][] = [
  ['/', 'Go to the search field of the page'],
  ['Esc', 'Leave the search field, or close this help'],
  ['← →', 'Another tab of a device, while a tab has the focus'],
  ['Tab', 'The next button, field or other control'],
  ['?', 'Show this help'],
];

/** The keys that work on every page: `/` focuses the search field, `?` opens a dialog with all keys. */
export function Keyboard() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const { target, key } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || dialog.current?.open === true) return;
      if (target instanceof HTMLElement && isField(target)) {
        if (key === 'Escape' && target instanceof HTMLInputElement && target.type === 'search') target.blur();
        return;
      }
      if (key === '?') dialog.current?.showModal();
      else if (key === '/') document.querySelector<HTMLInputElement>('main input[type="search"]')?.focus();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, []);
  return (
    <dialog ref={dialog} class="keyboard" aria-labelledby="keyboard">
      <h2 id="keyboard">Keys</h2>
      <dl>
        {shortcuts.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="primary">
          Close
        </button>
      </form>
    </dialog>
  );
}

const isField = (element: HTMLElement): boolean =>
  element.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(element.tagName);
