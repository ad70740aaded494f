import { useEffect, useState } from 'preact/hooks';
import type { KeyCreate, KeyItem, NewKeyBody } from '../../schemas/generated/operator.js';
import { CopyBlock } from '../parts/copy.js';
import { Failed } from '../parts/empty.js';
import { Main } from '../parts/page.js';
import { usePolled } from '../parts/polled.js';
import { RoleNeeded } from '../parts/roleNeeded.js';
import { askBeforeLeaving } from '../parts/router.js';
import { Sure } from '../parts/sure.js';
import { Time } from '../parts/time.js';
import { Fault, useValidation } from '../parts/validation.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may, now, session } from '../session/session.js';

const againMs = 10_000;
const dayMs = 86_400_000;

/** What a key of each role may do, beside what the role before it may. */
const roleTexts: Record<KeyCreate['role'], string> = {
  viewer: 'reads everything except keys and the audit',
  operator: 'also adds devices, sends commands and admits frames',
  admin: 'also manages keys, reads the audit, reloads the configuration, and makes backups',
};
const roles = Object.keys(roleTexts) as KeyCreate['role'][];

/** The operator keys: who may use this console and the API. */
export function KeysPage() {
  if (!may('admin'))
    return (
      <Main title="Keys">
        <RoleNeeded least="admin" to="manage operator keys" />
      </Main>
    );
  return <Keys />;
}

function Keys() {
  const keys = usePolled(() => currentApi().keys(), againMs, []);
  const [made, setMade] = useState<(NewKeyBody & { name: string }) | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const act = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      setTrouble(null);
      return true;
    } catch (error) {
      if (error instanceof RefusedError) setTrouble(error.message);
      else fail(error as Error);
      return false;
    } finally {
      keys.again();
    }
  };
  const add = (wanted: KeyCreate): Promise<boolean> =>
    act(async () => setMade({ ...(await currentApi().addKey(wanted)), name: wanted.name }));
  const revoke = async ({ id }: KeyItem): Promise<void> => {
    if ((await act(() => currentApi().revokeKey(id))) && made?.id === id) setMade(null);
  };
  return (
    <Main title="Keys">
      <p class="lead">Each person or program that uses this console or the API needs an operator key.</p>
      {(trouble ?? keys.trouble) !== null && <Failed what={(trouble ?? keys.trouble) as string} />}
      {made !== null && <NewKey key={made.id} made={made} done={() => setMade(null)} />}
      <section class="card" aria-label="Operator keys">
        {keys.value === null ? (
          <p class="empty">Loading…</p>
        ) : (
          <ul class="credentials">
            {keys.value.items.map((key) => (
              <KeyRow key={key.id} item={key} revoke={() => revoke(key)} />
            ))}
          </ul>
        )}
      </section>
      <AddKey add={add} />
    </Main>
  );
}

/** The text of a new key, which is shown only once. Leaving it before it was copied asks first. */
function NewKey({ made, done }: { made: NewKeyBody & { name: string }; done(): void }) {
  const [copied, setCopied] = useState(false);
  useEffect(
    () =>
      copied
        ? undefined
        : askBeforeLeaving(`You have not copied the key ${made.name}. It is not shown again. Leave anyway?`),
    [copied, made.name],
  );
  return (
    <section class="card secret-box" aria-label={`The new key ${made.name}`}>
      <p role="status">
        <b>Key {made.name}.</b> Copy it now. The gateway stores only its hash and cannot show it again.
      </p>
      <CopyBlock text={made.key} label="Key" copied={() => setCopied(true)} />
      <p>
        <button type="button" class="quiet" onClick={done}>
          I have copied it
        </button>
      </p>
    </section>
  );
}

function KeyRow({ item, revoke }: { item: KeyItem; revoke(): Promise<void> }) {
  const { id, name, role, createdAt, notAfter, lastUsedAt } = item;
  const own = id === session.value?.id;
  const expired = notAfter !== null && notAfter <= now.value;
  return (
    <li>
      <span>
        <b class="wraps">{name}</b> <span class={`badge ${role === 'admin' ? 'go' : 'off'}`}>{role}</span>{' '}
        {own && <span class="badge good">your key</span>} {expired && <span class="badge bad">expired</span>}
        <small>
          created <Time at={createdAt} as="age" />
          {lastUsedAt === null ? (
            ' · never used'
          ) : (
            <>
              {' · last used '}
              <Time at={lastUsedAt} as="age" />
            </>
          )}
          {notAfter === null ? (
            ' · does not expire'
          ) : (
            <>
              {expired ? ' · expired ' : ' · expires '}
              <Time at={notAfter} />
            </>
          )}
        </small>
        <small>
          id <code>{id}</code>
        </small>
      </span>
      <Sure text="Revoke" sure={own ? 'Revoke your own key and sign out' : `Revoke ${name}`} act={revoke} />
    </li>
  );
}

function AddKey({ add }: { add(wanted: KeyCreate): Promise<boolean> }) {
  const [role, setRole] = useState<KeyCreate['role']>('viewer');
  const { fault, check } = useValidation();
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    if (!check(element)) return;
    const form = new FormData(element);
    const days = Number(form.get('days'));
    const wanted: KeyCreate = { name: String(form.get('name')).trim(), role };
    const added = await add(days === 0 ? wanted : { ...wanted, notAfter: Date.now() + days * dayMs });
    if (added) element.reset();
  };
  return (
    <section class="card" aria-labelledby="add-key">
      <h2 id="add-key">Add a key</h2>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <div class="three">
          <div class="field">
            <label for="name">Name</label>
            <input
              id="name"
              name="name"
              type="text"
              required
              maxLength={128}
              pattern=".*\S.*"
              title="at least one letter or digit"
              placeholder="night shift"
              autocomplete="off"
            />
          </div>
          <div class="field">
            <label for="role">Role</label>
            <select
              id="role"
              value={role}
              onChange={({ currentTarget }) => setRole(currentTarget.value as KeyCreate['role'])}
            >
              {roles.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </div>
          <div class="field">
            <label for="days">Expiry</label>
            <select id="days" name="days">
              <option value="0">does not expire</option>
              <option value="1">in 1 day</option>
              <option value="7">in 7 days</option>
              <option value="30">in 30 days</option>
              <option value="90">in 90 days</option>
              <option value="365">in 1 year</option>
            </select>
          </div>
        </div>
        <p class="hint role-hint">
          {role}: {roleTexts[role]}.
        </p>
        <Fault text={fault} />
        <button type="submit" class="primary">
          Add key
        </button>
      </form>
    </section>
  );
}
