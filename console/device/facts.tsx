import type { ComponentChildren } from 'preact';
import { countText } from '../../schemas/display/numbers.js';
import { spanText } from '../../schemas/display/times.js';
import { closeText, type Device } from '../fleet/presence.js';
import { Link } from '../parts/link.js';
import { Time } from '../parts/time.js';

/** The details of the device and its link. A detail that is not known is left out. */
export function Facts({ device: { id, presence, attributes, createdAt } }: { device: Device }) {
  const { roundTripMs, reconnects, lastFrameAt, expectedEveryMs, lastClose, since, backAt } = presence;
  const agent = [presence.agent, presence.firmware].filter((part) => part !== null).join(' ');
  return (
    <section class="card" aria-labelledby="facts">
      <h2 id="facts">Details</h2>
      <dl class="facts">
        {since !== null && (
          <Fact name={presence.online ? 'connected since' : 'offline since'}>
            <Time at={since} />
          </Fact>
        )}
        {lastFrameAt !== null && (
          <Fact name="last frame">
            <Time at={lastFrameAt} as="age" />
          </Fact>
        )}
        {expectedEveryMs !== null && <Fact name="expected every">{spanText(expectedEveryMs)}</Fact>}
        {roundTripMs !== null && <Fact name="round trip">{roundTripMs.toFixed(1)} ms</Fact>}
        <Fact name="reconnects">{countText(reconnects)}</Fact>
        {lastClose !== null && (
          <Fact name="last link ended">
            <Time at={lastClose.at} />: {closeText(lastClose)}
          </Fact>
        )}
        {backAt !== null && (
          <Fact name="announced to be back">
            <Time at={backAt} />
          </Fact>
        )}
        {presence.address !== null && (
          <Fact name="address">
            {presence.address}{' '}
            <Link to={`/attempts?address=${encodeURIComponent(presence.address)}`}>refused attempts</Link>
          </Fact>
        )}
        {presence.subprotocol !== null && <Fact name="subprotocol">{presence.subprotocol}</Fact>}
        {presence.stream !== null && <Fact name="stream">{presence.stream}</Fact>}
        {agent !== '' && <Fact name="client software">{agent}</Fact>}
        {Object.entries(attributes).map(([name, value]) => (
          <Fact key={name} name={name}>
            {String(value)}
          </Fact>
        ))}
        <Fact name="registered">
          <Time at={createdAt} />
        </Fact>
        <Fact name="refused connections">
          <Link to={`/attempts?device=${encodeURIComponent(id)}`}>show</Link>
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
