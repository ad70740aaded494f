import { useEffect, useState } from 'preact/hooks';
import type { CredentialItem, CredentialRequest, NewCredentialBody } from '../../schemas/generated/operator.js';
import { forgetDevice, putDevice } from '../fleet/devices.js';
import type { Device } from '../fleet/presence.js';
import { Failed } from '../parts/empty.js';
import { go } from '../parts/router.js';
import { Time } from '../parts/time.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may, now } from '../session/session.js';
import { Secret } from './secret.js';

/** Gateways differ in how much they keep of a credential. */
type Credential = CredentialItem & { notBefore?: number | null; lastUsedAt?: number | null };

/** Who may connect as this device, and whether it may at all. */
export function Access({ device }: { device: Device }) {
  if (!may('operator'))
    return (
      <p class="why-not">
        Credentials are shown to keys with the role <b>operator</b>.
      </p>
    );
  return (
    <div class="command-columns">
      <Credentials id={device.id} />
      <Steering device={device} />
    </div>
  );
}

function Credentials({ id }: { id: string }) {
  const [credentials, setCredentials] = useState<Credential[]>([]);
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
        {credentials.map((one) => (
          <li key={one.cid}>
            <span>
              <code>{one.cid}</code>
              <small>
                made <Time at={one.createdAt} /> · {validity(one, now.value)}
                {one.lastUsedAt != null && (
                  <>
                    {' · used '}
                    <Time at={one.lastUsedAt} as="age" />
                  </>
                )}
              </small>
            </span>
            <Sure
              text="Revoke"
              sure="Revoke it: its link ends at once"
              act={() => act(async () => void (await currentApi().revoke(id, one.cid)))}
            />
          </li>
        ))}
      </ul>
      <AddCredential add={(wanted) => act(() => currentApi().addCredential(id, wanted))} />
    </section>
  );
}

function validity({ notBefore, notAfter }: Credential, at: number): string {
  if (notAfter !== null && notAfter <= at) return 'over';
  if (notBefore != null && notBefore > at) return `from ${new Date(notBefore).toLocaleString()} on`;
  return notAfter === null ? 'no end' : `until ${new Date(notAfter).toLocaleString()}`;
}

function AddCredential({ add }: { add(wanted: CredentialRequest): Promise<void> }) {
  return (
    <form
      class="inline"
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
        The ones before it
        <select name="grace">
          <option value="">stay valid</option>
          <option value="86400">end in a day</option>
          <option value="3600">end in an hour</option>
          <option value="0">end at once</option>
        </select>
      </label>
      <label class="check">
        <input type="checkbox" name="push" /> Tell the device by a command
      </label>
      <button type="submit" class="primary">
        New secret
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
          ? 'Disabled: it is refused with 403 and comes back slowly.'
          : 'Disabling ends its link at once and refuses it until it is enabled. Nothing of it is lost.'}
      </p>
      {disabled ? (
        <button type="button" class="primary" onClick={() => void set('active')}>
          Enable
        </button>
      ) : (
        <Sure text="Disable" sure="Disable it now" act={() => set('disabled')} />
      )}
      <p class="hint">Removing ends its credentials, streams and commands. Its readings age out by themselves.</p>
      <Sure text="Remove" sure={`Remove ${id} for good`} act={remove} />
    </section>
  );
}

/** What cannot be undone is asked twice, in the same place. */
function Sure({ text, sure, act }: { text: string; sure: string; act(): Promise<void> }) {
  const [asking, setAsking] = useState(false);
  if (!asking)
    return (
      <button type="button" class="quiet danger" onClick={() => setAsking(true)}>
        {text}
      </button>
    );
  return (
    <span class="sure">
      <button
        type="button"
        class="danger solid"
        onClick={() => {
          setAsking(false);
          void act();
        }}
      >
        {sure}
      </button>
      <button type="button" class="quiet" onClick={() => setAsking(false)}>
        No
      </button>
    </span>
  );
}
