import { useEffect, useRef } from 'preact/hooks';
import { valueText } from '../valueText.js';
import { CommandBox } from './commands/commandBox.js';
import { CommandHistory } from './commands/commandHistory.js';
import { watchCommands } from './commands/deviceCommands.js';
import { Dot } from './deviceList.js';
import { ageText, localTime, unitText, utcTime } from './format.js';
import { deviceOf, models, now, type Presence, rejectedOf, select, valuesOf } from './state.js';

/** One device: what it is, whether it is there and why not, what it says, and what of it was refused. */
export function DevicePanel({ id }: { id: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [id]);
  const device = deviceOf(id);
  return (
    <aside
      class="panel"
      aria-label={`Device ${id}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') select(null);
      }}
    >
      <div class="panel-head">
        <h2 ref={heading} tabIndex={-1}>
          {id}
        </h2>
        <button type="button" class="quiet" aria-label="Close" onClick={() => select(null)}>
          ✕
        </button>
      </div>
      {device === undefined ? <p>There is no such device.</p> : <Details id={id} />}
    </aside>
  );
}

function Details({ id }: { id: string }) {
  const device = deviceOf(id);
  if (device === undefined) return null;
  const { presence, model, state, attributes, createdAt } = device;
  return (
    <>
      <p class="presence">
        <Dot online={presence.online} /> <span>{presenceText(presence)}</span>
        {state === 'disabled' && <strong> · disabled</strong>}
      </p>
      <Latest id={id} />
      <CommandSection id={id} />
      <Refused id={id} />
      <h3>About</h3>
      <dl class="facts">
        <Fact name="model" value={model} />
        <Fact name="address" value={presence.address} />
        <Fact name="subprotocol" value={presence.subprotocol} />
        <Fact name="stream" value={presence.stream} />
        <Fact
          name="agent"
          value={[presence.agent, presence.firmware].filter((part) => part !== null).join(' ') || null}
        />
        {Object.entries(attributes).map(([name, value]) => (
          <Fact key={name} name={name} value={String(value)} />
        ))}
        <Fact name="registered" value={localTime(createdAt)} title={utcTime(createdAt)} />
      </dl>
    </>
  );
}

/** The box, and below it the history, which moves as the device answers. */
function CommandSection({ id }: { id: string }) {
  useEffect(() => watchCommands(id), [id]);
  const device = deviceOf(id);
  if (device === undefined) return null;
  const model = device.model === null ? null : (models.value.get(device.model) ?? null);
  return (
    <section aria-label="Commands">
      <h3>Commands</h3>
      <CommandBox device={id} model={model} online={device.presence.online} />
      <CommandHistory device={id} />
    </section>
  );
}

function presenceText({ online, since, lastClose, backAt }: Presence): string {
  if (since === null) return 'not seen since the gateway started';
  const age = ageText(since, now.value).replace(' ago', '');
  if (online) return `for ${age}`;
  const why =
    lastClose === null
      ? ''
      : `; its link ended with ${lastClose.code}${lastClose.reason === '' ? '' : ` ${lastClose.reason}`}`;
  return `for ${age}${why}${backAt === null ? '' : `; it said it would be back at ${localTime(backAt)}`}`;
}

function Fact({ name, value, title }: { name: string; value: string | null; title?: string }) {
  if (value === null) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd title={title}>{value}</dd>
    </div>
  );
}

function Latest({ id }: { id: string }) {
  const metrics = Object.entries(valuesOf(id)).sort(([a], [b]) => (a < b ? -1 : 1));
  if (metrics.length === 0) return <p class="empty">No readings yet.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">metric</th>
          <th scope="col" class="number">
            newest value
          </th>
          <th scope="col">unit</th>
          <th scope="col" class="number">
            age
          </th>
        </tr>
      </thead>
      <tbody>
        {metrics.map(([metric, { ts, value, unit }]) => (
          <tr key={metric}>
            <th scope="row">{metric}</th>
            <td class="number">
              <b>{valueText(value)}</b>
            </td>
            <td>{unitText(unit)}</td>
            <td class="number" title={`${localTime(ts)} (${utcTime(ts)})`}>
              {ageText(ts, now.value)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Refused({ id }: { id: string }) {
  const frames = rejectedOf(id);
  if (frames.length === 0) return null;
  return (
    <>
      <h3>Refused frames since this page opened</h3>
      <ul class="refused">
        {frames.map(({ rid, seq, code, message, path }) => (
          <li key={rid}>
            <b>{code}</b> seq {seq} {path} <span>{message}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
