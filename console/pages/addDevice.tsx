import { useEffect, useState } from 'preact/hooks';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { type DeviceDraft, editedOf, type Faults, faultsOf } from '../device/deviceDraft.js';
import { DeviceFields, Field, faultsIn, focusFirstFault } from '../device/fields.js';
import { Secret } from '../device/secret.js';
import { DeviceName, deviceLabel } from '../fleet/deviceName.js';
import { ask, deviceOf } from '../fleet/devices.js';
import { valuesOf, watchValues } from '../fleet/values.js';
import { Failed } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { OperatorNeeded } from '../parts/roleNeeded.js';
import { devicePath, mayLeave } from '../parts/router.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may } from '../session/session.js';

/** Registers a device, shows its secret once, and then shows whether the device connects and sends its first reading. */
export function AddDevicePage() {
  const [made, setMade] = useState<NewCredentialBody | null>(null);
  if (!may('operator'))
    return (
      <Main title="Add a device">
        <OperatorNeeded to="add devices" />
      </Main>
    );
  return (
    <Main title="Add a device" class="narrow">
      {made === null ? <NewDevice made={setMade} /> : <Made credential={made} again={() => setMade(null)} />}
    </Main>
  );
}

const newDraft: DeviceDraft = { name: '', notes: '', model: '', tags: [] };
const idForm = /^[A-Za-z0-9_-]{1,64}$/;

function NewDevice({ made }: { made(credential: NewCredentialBody): void }) {
  const [id, setId] = useState('');
  const [draft, setDraft] = useState(newDraft);
  const [faults, setFaults] = useState<Faults>({});
  const [adding, setAdding] = useState(false);
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const found = { ...idFaults(id), ...faultsOf(draft) };
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFirstFault(form);
    setAdding(true);
    try {
      const credential = await currentApi().addDevice({ id, ...editedOf(draft) });
      await ask(id);
      made(credential);
    } catch (error) {
      setAdding(false);
      if (!(error instanceof RefusedError)) return fail(error as Error);
      setFaults(faultsIn(error));
      focusFirstFault(form);
    }
  }
  return (
    <form class="card edit" aria-label="The new device" noValidate onSubmit={(event) => void submit(event)}>
      {faults[''] !== undefined && <Failed what={faults['']} />}
      <Field
        label="Id"
        hint="1 to 64 letters, digits, _ or -. It cannot be changed later. A serial number is a good choice."
        fault={faults.id}
      >
        {(props) => (
          <input
            {...props}
            type="text"
            placeholder="boiler-7"
            autocomplete="off"
            spellcheck={false}
            value={id}
            onInput={({ currentTarget }) => setId(currentTarget.value)}
          />
        )}
      </Field>
      <DeviceFields draft={draft} faults={faults} change={(part) => setDraft({ ...draft, ...part })} />
      <button type="submit" class="primary" disabled={adding}>
        Add device
      </button>
    </form>
  );
}

function idFaults(id: string): Faults {
  if (id === '') return { id: 'Enter an id.' };
  return idForm.test(id) ? {} : { id: 'Use 1 to 64 letters, digits, _ and -.' };
}

function Made({ credential, again }: { credential: NewCredentialBody; again(): void }) {
  const { id } = credential;
  useEffect(() => watchValues('device', [id]), [id]);
  const online = deviceOf(id)?.presence.online === true;
  const values = Object.keys(valuesOf(id)).length;
  return (
    <>
      <section class="card">
        <Secret credential={credential} used={online} />
      </section>
      <section class="card waiting" role="status">
        <p class={online ? 'dot good' : 'dot wait'}>
          {online
            ? values > 0
              ? `${deviceLabel(id)} is connected and has sent its first reading.`
              : `${deviceLabel(id)} is connected. Waiting for its first reading…`
            : `Waiting for ${deviceLabel(id)} to connect…`}
        </p>
        {!online && (
          <p class="hint">
            If the device does not connect,{' '}
            <Link to={`/attempts?device=${encodeURIComponent(id)}`}>Refused connections</Link> shows the reason.
          </p>
        )}
      </section>
      <p class="buttons">
        <Link to={devicePath(id)} class="button primary">
          Open <DeviceName id={id} />
        </Link>
        <button type="button" class="quiet" onClick={() => mayLeave() && again()}>
          Add another
        </button>
      </p>
    </>
  );
}
