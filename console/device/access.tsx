import { useEffect, useState } from 'preact/hooks';
import type { CredentialItem, CredentialRequest, NewCredentialBody } from '../../schemas/generated/operator.js';
import { forgetDevice, putDevice } from '../fleet/devices.js';
import type { Device } from '../fleet/presence.js';
import { Failed } from '../parts/empty.js';
import { localTime } from '../parts/format.js';
import { OperatorNeeded } from '../parts/roleNeeded.js';
import { go } from '../parts/router.js';
import { Sure } from '../parts/sure.js';
import { Time } from '../parts/time.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may, now } from '../session/session.js';
import { Secret } from './secret.js';

/** The credentials of the device, and the buttons to disable or remove it. */
export function Access({ device }: { device: Device }) {
  if (!may('operator')) return <OperatorNeeded to="manage credentials" />;
  return (
    <div class="command-columns">
      <Credentials id={device.id} />
      <Steering device={device} />
    </div>
  );
}

function Credentials({ id }: { id: string }) {
  const [credentials, setCredentials] = useState<CredentialItem[]>([]);
  const [made, setMade] = useState<NewCredentialBody | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const load = (): void => {
    currentApi()
      .credentials(id)
      .then(({ items }) => setCredentials(items), fail);
  };
  useEffect(load, [id]);
  const act = async (work: () => Promise<NewCredentialBody | undefined>): Promise<void> => {
    try {
      const result = await work();
      if (result !== undefined) setMade(result);
      setTrouble(null);
    } catch (error) {
      if (error instanceof RefusedError) setTrouble(error.message);
      else fail(error as Error);
    }
    load();
  };
  return (
    <section class="card" aria-labelledby="credentials">
      <h2 id="credentials">Credentials</h2>
      {trouble !== null && <Failed what={trouble} />}
      {made !== null && <Secret credential={made} />}
      <ul class="credentials">
        {credentials.map((credential) => (
          <li key={credential.cid}>
            <span>
              <code>{credential.cid}</code>
              <small>
                created <Time at={credential.createdAt} /> · {validity(credential, now.value)}
                {credential.lastUsedAt !== null && (
                  <>
                    {' · last used '}
                    <Time at={credential.lastUsedAt} as="age" />
                  </>
                )}
              </small>
            </span>
            <Sure
              text="Revoke"
              sure="Revoke and disconnect the device"
              act={() => act(async () => void (await currentApi().revoke(id, credential.cid)))}
            />
          </li>
        ))}
      </ul>
      <AddCredential add={(wanted) => act(() => currentApi().addCredential(id, wanted))} />
    </section>
  );
}

function validity({ notBefore, notAfter }: CredentialItem, at: number): string {
  if (notAfter !== null && notAfter <= at) return 'expired';
  if (notBefore !== null && notBefore > at) return `valid from ${localTime(notBefore)}`;
  return notAfter === null ? 'does not expire' : `expires ${localTime(notAfter)}`;
}

function AddCredential({ add }: { add(wanted: CredentialRequest): Promise<void> }) {
  return (
    <form
      class="inline"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const grace = String(form.get('grace'));
        void add({
          ...(grace === '' ? {} : { graceSeconds: Number(grace) }),
          ...(form.has('push') ? { push: true } : {}),
        });
      }}
    >
      <label>
        Existing secrets
        <select name="grace">
          <option value="">stay valid</option>
          <option value="86400">expire in 1 day</option>
          <option value="3600">expire in 1 hour</option>
          <option value="0">expire now</option>
        </select>
      </label>
      <label class="check">
        <input type="checkbox" name="push" /> Send the new secret to the device
      </label>
      <button type="submit" class="primary">
        Create new secret
      </button>
    </form>
  );
}

function Steering({ device: { id, state } }: { device: Device }) {
  const disabled = state === 'disabled';
  const set = async (next: 'active' | 'disabled'): Promise<void> => {
    try {
      putDevice(await currentApi().patch(id, { state: next }));
    } catch (error) {
      fail(error as Error);
    }
  };
  const remove = async (): Promise<void> => {
    try {
      await currentApi().removeDevice(id);
      forgetDevice(id);
      go('/devices');
    } catch (error) {
      fail(error as Error);
    }
  };
  return (
    <section class="card" aria-labelledby="steering">
      <h2 id="steering">This device</h2>
      <p class="hint">
        {disabled
          ? 'This device is disabled. The gateway refuses its connection attempts (HTTP 403) until you enable it.'
          : 'Disabling disconnects the device. The gateway refuses it until you enable it again. Stored data is kept.'}
      </p>
      {disabled ? (
        <button type="button" class="primary" onClick={() => void set('active')}>
          Enable
        </button>
      ) : (
        <Sure text="Disable" sure={`Disable ${id} now`} act={() => set('disabled')} />
      )}
      <p class="hint">
        Removing the device deletes its credentials, streams and commands. Its readings are kept until retention removes
        them.
      </p>
      <Sure text="Remove" sure={`Remove ${id} permanently`} act={remove} />
    </section>
  );
}
