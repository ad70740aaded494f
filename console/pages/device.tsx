/**
 * The page of one device. pages/ holds one file per page; a page only arranges pieces of the other folders, and no other folder
 * imports it. A piece that two pages use belongs to the folder of its subject.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { CommandBox } from '../commands/commandBox.js';
import { CommandHistory } from '../commands/commandHistory.js';
import { watchCommands } from '../commands/deviceCommands.js';
import { Access } from '../device/access.js';
import { EditDevice } from '../device/edit.js';
import { Facts } from '../device/facts.js';
import { Latest } from '../device/latest.js';
import { Readings } from '../device/readings.js';
import { Rejected } from '../device/rejected.js';
import { TraceTab } from '../device/traceTab.js';
import { DeviceTrack } from '../device/track.js';
import { DeviceName } from '../fleet/deviceName.js';
import { listPath } from '../fleet/deviceRows.js';
import { deviceOf, forgetDevice, putDevice } from '../fleet/devices.js';
import { type Device, reasonOf } from '../fleet/presence.js';
import { PresenceDot } from '../fleet/presenceDot.js';
import { watchValues } from '../fleet/values.js';
import { Empty, Failed } from '../parts/empty.js';
import { Icon } from '../parts/icons.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { param, setParams } from '../parts/router.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, models, now } from '../session/session.js';

const tabs = [
  ['', 'Readings'],
  ['commands', 'Commands'],
  ['rejected', 'Rejected frames'],
  ['trace', 'Trace'],
  ['access', 'Access'],
] as const;

const readAgainMs = 5_000;

/** One device: its presence with the reason, its readings, commands, rejected frames, traces and credentials. */
export function DevicePage({ id }: { id: string }) {
  const [unknown, setUnknown] = useState(false);
  useEffect(() => {
    const read = (): void => {
      currentApi()
        .device(id)
        .then(putDevice, (error: Error) => {
          if (!(error instanceof RefusedError) || error.code !== 'device_unknown') return fail(error);
          forgetDevice(id);
          setUnknown(true);
        });
    };
    read();
    // The last frame and the round trip change without a message of the live feed.
    const timer = setInterval(read, readAgainMs);
    return () => clearInterval(timer);
  }, [id]);
  useEffect(() => watchValues('device', [id]), [id]);
  const device = deviceOf(id);
  if (device === undefined)
    return (
      <Main title={id}>
        {unknown ? (
          <Empty
            title={`There is no device ${id}.`}
            action={
              <>
                <Link to={`/devices?q=${encodeURIComponent(id)}`} class="button quiet">
                  Search for it
                </Link>
                <Link to="/add" class="button quiet">
                  Add a device
                </Link>
              </>
            }
          >
            <p>
              Attempts to connect with this id are listed under{' '}
              <Link to={`/attempts?device=${encodeURIComponent(id)}`}>Refused connections</Link>.
            </p>
          </Empty>
        ) : (
          <p class="empty">Loading {id}…</p>
        )}
      </Main>
    );
  return <Shown device={device} />;
}

function Shown({ device }: { device: Device }) {
  const { id, name, notes, presence, model, tags, state } = device;
  const editing = param('edit') !== '';
  return (
    <Main
      title={name ?? id}
      class="device"
      actions={
        <button
          type="button"
          class="quiet"
          aria-expanded={editing}
          onClick={() => setParams({ edit: editing ? '' : '1' })}
        >
          {editing ? 'Close' : 'Edit'}
        </button>
      }
      heading={
        <>
          <Link to={listPath()} class="back" label="Back to devices" title="Back to devices">
            <Icon name="back" />
          </Link>
          <DeviceName id={id} />
        </>
      }
    >
      <div class="presence-line">
        <PresenceDot presence={presence} />
        <span>{reasonOf(presence, now.value)}</span>
        {presence.flapping && <span class="badge bad">flapping: it reconnects too often</span>}
        {state === 'disabled' && <span class="badge bad">disabled: the gateway refuses it until you enable it</span>}
        <span class="tags">
          {model !== null && <Link to={`/devices?model=${encodeURIComponent(model)}`}>{model}</Link>}
          {Object.entries(tags).map(([name, value]) => (
            <Link key={name} to={`/devices?tag=${encodeURIComponent(`${name}=${value}`)}`}>
              {name}={value}
            </Link>
          ))}
        </span>
      </div>
      {editing ? (
        <EditDevice
          key={id}
          device={device}
          done={() => {
            // The form goes, so the focus returns to the button that opened it.
            document.querySelector<HTMLElement>('main .actions button')?.focus();
            setParams({ edit: '' });
          }}
        />
      ) : (
        <Notes notes={notes} />
      )}
      <Tabs />
      <Tab device={device} />
    </Main>
  );
}

function Notes({ notes }: { notes: string | null }) {
  if (notes === null) return null;
  return (
    <section class="card notes" aria-label="Notes">
      {notes}
    </section>
  );
}

function Tabs() {
  const at = param('tab');
  const strip = useRef<HTMLDivElement>(null);
  // On a phone the strip is wider than the screen.
  useEffect(() => {
    const chosen = strip.current?.querySelector<HTMLElement>('[aria-selected=true]');
    if (chosen != null)
      strip.current?.scrollTo({ left: chosen.offsetLeft - (strip.current.clientWidth - chosen.offsetWidth) / 2 });
  }, [at]);
  return (
    <div class="tabs" role="tablist" aria-label="About the device" ref={strip}>
      {tabs.map(([name, title], i) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={at === name}
          aria-controls="tab-panel"
          tabIndex={at === name ? 0 : -1}
          onClick={() => setParams({ tab: name })}
          onKeyDown={({ key, currentTarget }) => {
            const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
            if (step === 0) return;
            const next = (i + step + tabs.length) % tabs.length;
            setParams({ tab: tabs[next][0] });
            const other = currentTarget.parentElement?.children[next];
            if (other instanceof HTMLElement) other.focus();
          }}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

function Tab({ device }: { device: Device }) {
  const { id } = device;
  const panels: Record<string, () => ComponentChildren> = {
    '': () => (
      <>
        <div class="device-columns">
          <Latest id={id} />
          <Readings id={id} />
        </div>
        <DeviceTrack id={id} />
        <Facts device={device} />
      </>
    ),
    commands: () => <Commands device={device} />,
    rejected: () => <Rejected device={device} />,
    trace: () => <TraceTab id={id} model={device.model} />,
    access: () => <Access device={device} />,
  };
  const panel = panels[param('tab')];
  return (
    <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${param('tab')}`}>
      {panel === undefined ? <Failed what="This tab does not exist. Choose one above." /> : panel()}
    </div>
  );
}

/** The form to send a command, and beside it the history, which changes as the device answers. */
function Commands({ device: { id, model, presence } }: { device: Device }) {
  useEffect(() => watchCommands(id), [id]);
  return (
    <div class="command-columns">
      <CommandBox
        device={id}
        model={model === null ? null : (models.value.get(model) ?? null)}
        online={presence.online}
      />
      <section class="card" aria-label="History of commands">
        <h2>History</h2>
        <CommandHistory device={id} />
      </section>
    </div>
  );
}
