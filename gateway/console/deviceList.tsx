import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { valueText } from '../valueText.js';
import { ageText, unitText } from './format.js';
import { deviceOf, listed, loading, now, select, selected, type Values, valuesOf, wantValues } from './state.js';

const rowHeight = 52;
const rowsBeyond = 6;

/** Only the rows on the screen exist, however many devices there are. */
export function DeviceList() {
  const scroller = useRef<HTMLElement>(null);
  const view = useSignal({ top: 0, height: 800 });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = (): void => {
      view.value = { top: element.scrollTop, height: element.clientHeight };
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => observer.disconnect();
  }, []);
  const ids = listed.value;
  const first = Math.max(0, Math.floor(view.value.top / rowHeight) - rowsBeyond);
  const shown = ids.slice(first, first + Math.ceil(view.value.height / rowHeight) + 2 * rowsBeyond);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard (WCAG 2.1.1)
    <section class="scroller" ref={scroller} tabIndex={0} aria-label={`${ids.length} devices`}>
      {ids.length === 0 && <Empty />}
      <ul class="rows" ref={(list) => list?.style.setProperty('height', `${ids.length * rowHeight}px`)}>
        {shown.map((id, i) => (
          <Row key={id} id={id} top={(first + i) * rowHeight} />
        ))}
      </ul>
    </section>
  );
}

function Row({ id, top }: { id: string; top: number }) {
  const device = deviceOf(id);
  useEffect(() => wantValues(id), [id]);
  if (device === undefined) return null;
  const { presence, model, tags } = device;
  const values = valuesOf(id);
  return (
    <li ref={(row) => row?.style.setProperty('transform', `translateY(${top}px)`)}>
      <button
        type="button"
        class="row"
        aria-pressed={selected.value === id}
        onClick={() => select(selected.value === id ? null : id)}
      >
        <Dot online={presence.online} />
        <span class="id">
          <b>{id}</b>
          <small>
            {[model, ...Object.entries(tags).map(([name, value]) => `${name}=${value}`)]
              .filter((text) => text !== null)
              .join(' · ')}
          </small>
        </span>
        <span class="values">
          {Object.entries(values)
            .slice(0, 4)
            .map(([metric, { value, unit }]) => (
              <span key={metric} class="value">
                <small>{metric}</small>
                <span>
                  {valueText(value)} <i>{unitText(unit)}</i>
                </span>
              </span>
            ))}
        </span>
        <span class="age">{newestAge(values)}</span>
      </button>
    </li>
  );
}

function newestAge(values: Values): string {
  const newest = Math.max(0, ...Object.values(values).map(({ ts }) => ts));
  return newest === 0 ? '' : ageText(newest, now.value);
}

export function Dot({ online }: { online: boolean }) {
  return <span class={online ? 'dot online' : 'dot'}>{online ? 'online' : 'offline'}</span>;
}

function Empty() {
  if (loading.value) return <p class="empty">Loading devices…</p>;
  return (
    <div class="empty">
      <p>No devices here.</p>
      <p>
        Register one: <code>npx tidegate device add boiler-7</code>. It prints the secret and programs to paste.
      </p>
    </div>
  );
}
