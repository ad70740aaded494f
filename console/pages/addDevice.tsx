import { useEffect, useState } from 'preact/hooks';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { Secret } from '../device/secret.js';
import { ask, deviceOf, modelNames } from '../fleet/devices.js';
import { valuesOf, watchValues } from '../fleet/values.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { OperatorNeeded } from '../parts/roleNeeded.js';
import { devicePath, mayLeave } from '../parts/router.js';
import { Fault, useValidation } from '../parts/validation.js';
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

function NewDevice({ made }: { made(credential: NewCredentialBody): void }) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const { fault, check } = useValidation();
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setTrouble(null);
    if (!check(event.currentTarget as HTMLFormElement)) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [id, model] = [String(form.get('id')), String(form.get('model'))];
    try {
      const tags = tagsOf(String(form.get('tags')));
      const credential = await currentApi().addDevice({ id, ...(model === '' ? {} : { model }), tags });
      await ask(id);
      made(credential);
    } catch (error) {
      if (error instanceof RefusedError || error instanceof RangeError)
        setTrouble(`${error.message}${errorsText(error)}`);
      else fail(error as Error);
    }
  }
  return (
    <form class="card" noValidate onSubmit={(event) => void submit(event)}>
      <div class="field">
        <label for="id">Id</label>
        <input
          id="id"
          name="id"
          type="text"
          required
          maxLength={64}
          pattern="[A-Za-z0-9_\-]{1,64}"
          title="1 to 64 letters, digits, _ or -"
          placeholder="boiler-7"
          autocomplete="off"
          spellcheck={false}
        />
        <p class="hint">
          1 to 64 letters, digits, _ or -. It cannot be changed later. A serial number is a good choice.
        </p>
      </div>
      <div class="field">
        <label for="model">
          Model <small>optional</small>
        </label>
        <select id="model" name="model">
          <option value="">no model: the device defines its metrics</option>
          {modelNames.value.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for="tags">
          Tags <small>optional</small>
        </label>
        <input id="tags" name="tags" type="text" placeholder="site=north, floor=2" autocomplete="off" />
      </div>
      <Fault text={fault ?? trouble} />
      <button type="submit" class="primary">
        Add device
      </button>
    </form>
  );
}

const errorsText = (error: Error): string =>
  error instanceof RefusedError && error.errors.length > 0
    ? ` ${error.errors.map(({ path, message }) => `${path} ${message}`).join('; ')}.`
    : '';

/** Tags as `name=value`, separated by commas. Throws RangeError if one has no name or no `=`. */
function tagsOf(text: string): Record<string, string> {
  const tags: [string, string][] = [];
  for (const part of text.split(',').map((word) => word.trim())) {
    if (part === '') continue;
    const at = part.indexOf('=');
    if (at < 1) throw new RangeError(`“${part}” is not a tag. Write name=value, for example site=north.`);
    tags.push([part.slice(0, at).trim(), part.slice(at + 1).trim()]);
  }
  return Object.fromEntries(tags);
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
              ? `${id} is connected and has sent its first reading.`
              : `${id} is connected. Waiting for its first reading…`
            : `Waiting for ${id} to connect…`}
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
          Open {id}
        </Link>
        <button type="button" class="quiet" onClick={() => mayLeave() && again()}>
          Add another
        </button>
      </p>
    </>
  );
}
