import type { ComponentChildren } from 'preact';
import { countText, numberText } from '../../schemas/display/numbers.js';
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
      <div class="facts">
        <dl aria-label="Connection">
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
          {expectedEveryMs !== null && <Fact name="expected to send">at least every {spanText(expectedEveryMs)}</Fact>}
          {backAt !== null && (
            <Fact name="expected back">
              <Time at={backAt} />
            </Fact>
          )}
          {lastClose !== null && (
            <Fact name="last connection">
              {closeText(lastClose)}, <Time at={lastClose.at} />
            </Fact>
          )}
          <Fact name="reconnects">{countText(reconnects)}</Fact>
          {roundTripMs !== null && <Fact name="round trip">{numberText(roundTripMs, 1)} ms</Fact>}
        </dl>
        <dl aria-label="Client">
          {presence.address !== null && <Fact name="address">{presence.address}</Fact>}
          {agent !== '' && <Fact name="client software">{agent}</Fact>}
          {presence.subprotocol !== null && <Fact name="subprotocol">{presence.subprotocol}</Fact>}
          {presence.stream !== null && <Fact name="stream">{presence.stream}</Fact>}
          <Fact name="refused connections">
            <Link to={`/attempts?device=${encodeURIComponent(id)}`}>this device</Link>
            {presence.address !== null && (
              <>
                {' · '}
                <Link to={`/attempts?address=${encodeURIComponent(presence.address)}`}>this address</Link>
              </>
            )}
          </Fact>
        </dl>
        <dl aria-label="Device">
          <Fact name="registered">
            <Time at={createdAt} />
          </Fact>
          {Object.entries(attributes).map(([name, value]) => (
            <Fact key={name} name={name}>
              {String(value)}
            </Fact>
          ))}
        </dl>
      </div>
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
