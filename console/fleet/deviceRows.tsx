import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { countOf, countText, withUnit } from '../../schemas/display/numbers.js';
import { ageText } from '../../schemas/display/times.js';
import { Empty, ShowAll } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { devicePath, query } from '../parts/router.js';
import { pathIn } from '../session/base.js';
import { may, now } from '../session/session.js';
import { type Column, columns } from './columns.js';
import { counts, deviceOf, loading } from './devices.js';
import { ListHead } from './listHead.js';
import { held, inOrder } from './order.js';
import type { Device } from './presence.js';
import { PresenceDot } from './presenceDot.js';
import { select, selection } from './selection.js';
import { type Values, valuesOf, watchValues, written } from './values.js';

/** Pixels. 100,000 rows are 5,600,000 pixels tall; browsers allow about 33,000,000. */
const rowHeight = 56;
const rowsBeyond = 6;
const settleMs = 120;

/** Where the list was left, so that it opens in the same place with the same filters. */
let left = { filters: '', top: 0 };

/** The path of the list with the filters that it was left with. */
export const listPath = (): string => `/devices${left.filters}`;

/** The list of devices. It makes only the rows on the screen and asks only for their values, however many devices there are. */
export function DeviceRows() {
  const scroller = useRef<HTMLElement>(null);
  const view = useSignal({ top: 0, height: 0 });
  // The height is measured before the first paint: with a guessed height, rows would be made that nobody sees.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    if (left.filters === location.search) element.scrollTop = left.top;
    const look = (): void => {
      // The address may be that of the next page already.
      if (pathIn(location.pathname) === '/devices') left = { filters: location.search, top: element.scrollTop };
      view.value = { top: element.scrollTop, height: element.clientHeight };
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  // A changed filter is remembered at once, a place when the list is scrolled.
  useEffect(() => {
    if (pathIn(location.pathname) === '/devices') left = { ...left, filters: location.search };
  }, [query.value]);
  const devices = inOrder.value;
  const selectable = may('operator');
  const looks = selectable ? 'card scroller selectable' : 'card scroller';
  const first = Math.max(0, Math.floor(view.value.top / rowHeight) - rowsBeyond);
  const shown = devices
    .slice(first, first + Math.ceil(view.value.height / rowHeight) + 2 * rowsBeyond)
    .map((device) => deviceOf(device.id) ?? device);
  const ids = shown.map(({ id }) => id);
  const wanted = ids.join(' ');
  useEffect(() => {
    let end = (): void => {};
    // Nothing is asked for while someone scrolls.
    const timer = setTimeout(() => {
      end = watchValues('rows', ids);
    }, settleMs);
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [wanted]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard (WCAG 2.1.1)
    <section class={looks} ref={scroller} tabIndex={0} aria-label={countOf(devices.length, 'device')}>
      {devices.length === 0 ? (
        <NoDevices />
      ) : (
        <table
          class={columns.value === null ? 'devices' : 'devices chosen'}
          aria-label="Devices"
          aria-rowcount={devices.length + 1}
          ref={(table) => table?.style.setProperty('--cells', String(columns.value?.length ?? 1))}
        >
          <ListHead selectable={selectable} />
          <tbody
            class="rows"
            onMouseEnter={() => {
              held.value = true;
            }}
            onMouseLeave={() => {
              held.value = false;
            }}
            ref={(list) => list?.style.setProperty('height', `${devices.length * rowHeight}px`)}
          >
            {shown.map((device, i) => (
              <Row key={device.id} device={device} index={first + i} selectable={selectable} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ device, index, selectable }: { device: Device; index: number; selectable: boolean }) {
  const { id, name, presence, model, tags, state } = device;
  const values = valuesOf(id);
  const about = [model, ...Object.entries(tags).map(([name, value]) => `${name}=${value}`)];
  if (name !== null) about.unshift(id);
  if (state === 'disabled') about.unshift('disabled');
  return (
    <tr
      class="row"
      // The headings are the first row.
      aria-rowindex={index + 2}
      ref={(row) => row?.style.setProperty('transform', `translateY(${index * rowHeight}px)`)}
    >
      {selectable && (
        <td class="pick">
          <label>
            <input
              type="checkbox"
              aria-label={`Select ${id}`}
              checked={selection.value.has(id)}
              onClick={({ currentTarget, shiftKey }) => select(id, currentTarget.checked, shiftKey, inOrder.peek())}
            />
          </label>
        </td>
      )}
      <td class="state">
        <PresenceDot presence={presence} />
      </td>
      <td class="id">
        {/* Its area is the whole row. */}
        <Link to={devicePath(id)} class="row-link">
          <b>{name ?? id}</b> <small>{about.filter(Boolean).join(' · ')}</small>
        </Link>
      </td>
      {columns.value === null ? (
        <td class="values">
          {Object.entries(values)
            .slice(0, 4)
            .map(([metric, latest]) => (
              <Value key={metric} title={metric} {...written(metric, latest)} />
            ))}
        </td>
      ) : (
        columns.value.map((column) => (
          <td key={`${column.kind}.${column.name}`} class="cell">
            <Value title={column.name} {...cellOf(column, device, values)} />
          </td>
        ))
      )}
      <td class="age">{newestAge(values)}</td>
    </tr>
  );
}

/** What a column shows of a device: a dash if the device has nothing of the kind. */
function cellOf({ kind, name }: Column, { tags }: Device, values: Values): { value: string; unit: string } {
  if (kind === 'metric' && Object.hasOwn(values, name)) return written(name, values[name]);
  return { value: kind === 'tag' && Object.hasOwn(tags, name) ? tags[name] : '–', unit: '' };
}

/** A latest value, or a tag. What the column cuts off is in the tooltip. */
function Value({ title, value, unit }: { title: string; value: string; unit: string }) {
  return (
    <span class="value" title={`${title}: ${withUnit(value, unit)}`}>
      <small>{title}</small>
      <span>
        {value} <i>{unit}</i>
      </span>
    </span>
  );
}

function newestAge(values: Values): string {
  const newest = Math.max(0, ...Object.values(values).map(({ ts }) => ts));
  return newest === 0 ? '' : ageText(newest, now.value);
}

function NoDevices() {
  if (loading.value) return <p class="empty">Loading devices…</p>;
  if (counts.value.all === 0)
    return (
      <Empty
        title="No devices yet."
        action={
          <Link to="/add" class="button primary">
            Add a device
          </Link>
        }
      >
        <p>
          A device needs an id and a secret. The next page gives it both, as{' '}
          <code>npx tidegate device add boiler-7</code> does, with programs to paste.
        </p>
      </Empty>
    );
  return (
    <Empty
      title="No devices match."
      action={<ShowAll filters={[...query.value.keys()]}>Show all {countText(counts.value.all)}</ShowAll>}
    />
  );
}
