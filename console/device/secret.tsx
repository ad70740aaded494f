import { useEffect, useState } from 'preact/hooks';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { CopyBlock } from '../parts/copy.js';
import { askBeforeLeaving } from '../parts/router.js';
import { session } from '../session/session.js';
import { clientSnippets } from './clientSnippets.js';

interface SecretProps {
  credential: NewCredentialBody;
  /** A device has connected with it. */
  used?: boolean;
}

/** A new secret, which is shown only once, with programs to paste that use it. Leaving it before it was copied or used asks first. */
export function Secret({ credential: { id, secret }, used = false }: SecretProps) {
  const [copied, setCopied] = useState(false);
  const safe = copied || used;
  useEffect(
    () =>
      safe
        ? undefined
        : askBeforeLeaving(`You have not copied the secret of ${id}. It is not shown again. Leave anyway?`),
    [id, secret, safe],
  );
  const snippets = clientSnippets(deviceUrl(), id, secret);
  const [at, setAt] = useState(0);
  return (
    <div class="secret-box">
      <p>
        <b>Secret of {id}.</b> Copy it now. The gateway stores only its hash and cannot show it again.
      </p>
      <CopyBlock text={secret} label="Secret" copied={() => setCopied(true)} />
      <fieldset class="chips">
        <legend class="hidden">Example programs</legend>
        {snippets.map(({ title }, i) => (
          <label key={title}>
            <input type="radio" name="snippet" checked={at === i} onChange={() => setAt(i)} />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      <CopyBlock text={snippets[at].code} label={snippets[at].title} copied={() => setCopied(true)} />
    </div>
  );
}

/** The URL where devices connect: that of the configuration, or with the host name by which this browser reaches the gateway. */
function deviceUrl(): string {
  const {
    devicePort,
    deviceTls,
    deviceUrl: url,
  } = session.value ?? { devicePort: 8080, deviceTls: false, deviceUrl: null };
  return url ?? `${deviceTls ? 'wss' : 'ws'}://${location.hostname}:${devicePort}/v1/device`;
}
