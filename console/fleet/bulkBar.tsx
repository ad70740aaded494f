import { useState } from 'preact/hooks';
import { countOf, countText } from '../../schemas/display/numbers.js';
import type { DeviceEdited, DeviceEditRequest } from '../../schemas/generated/operator.js';
import { go } from '../parts/router.js';
import { Fault, useValidation } from '../parts/validation.js';
import { RefusedError } from '../session/api.js';
import { fail } from '../session/session.js';
import { listed, modelNames } from './devices.js';
import { clearSelection, editAll, handOver, selection } from './selection.js';

type Action = 'set' | 'unset' | 'model' | 'disable' | 'remove';
type What = Pick<DeviceEditRequest, 'change' | 'remove'>;

const faultsShown = 5;

/** What can be done with the selected devices. It is there while any are selected, or while a result waits to be read. */
export function BulkBar() {
  const [action, setAction] = useState<Action | null>(null);
  const [running, setRunning] = useState<string | null>(null);
  const [result, setResult] = useState<DeviceEdited | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const ids = selection.value;
  if (ids.size === 0 && result === null) return null;
  const hidden = ids.size - listed.value.reduce((count, { id }) => (ids.has(id) ? count + 1 : count), 0);

  async function run(what: What): Promise<void> {
    const all = [...ids];
    setResult(null);
    setRefusal(null);
    setRunning(`0 of ${countText(all.length)}`);
    try {
      setResult(await editAll(all, what, (done) => setRunning(`${countText(done)} of ${countText(all.length)}`)));
      setAction(null);
    } catch (error) {
      if (error instanceof RefusedError) setRefusal(error.message);
      else fail(error as Error);
    }
    setRunning(null);
  }

  const choose = (next: Action): void => {
    setResult(null);
    setRefusal(null);
    setAction(action === next ? null : next);
  };
  const toggle = (name: Action, text: string, tone = '') => (
    <button type="button" class={`quiet ${tone}`} aria-expanded={action === name} onClick={() => choose(name)}>
      {text}
    </button>
  );
  return (
    <section class="card bulk" aria-label="Selected devices">
      <div class="buttons">
        <p role="status">
          <b>{countText(ids.size)}</b> selected
          {hidden > 0 && <small> ({countText(hidden)} not shown)</small>}
        </p>
        {ids.size > 0 && (
          <>
            {toggle('set', 'Set tag')}
            {toggle('unset', 'Remove tag')}
            {toggle('model', 'Set model')}
            <button type="button" class="quiet" onClick={() => void run({ change: { state: 'active' } })}>
              Enable
            </button>
            {toggle('disable', 'Disable', 'danger')}
            <button
              type="button"
              class="quiet"
              onClick={() => {
                handOver();
                go('/commands?new=1');
              }}
            >
              Send command
            </button>
            {toggle('remove', 'Remove', 'danger')}
            <button type="button" class="link" onClick={clearSelection}>
              Clear selection
            </button>
          </>
        )}
      </div>
      {action !== null && ids.size > 0 && (
        <ActionForm
          key={action}
          action={action}
          count={ids.size}
          busy={running !== null}
          run={(what) => void run(what)}
          cancel={() => setAction(null)}
        />
      )}
      {running !== null && <p role="status">Done: {running} devices…</p>}
      {refusal !== null && (
        <p class="refusal" role="alert">
          <b>Stopped.</b> {refusal} If you try again, devices that are already changed are skipped.
        </p>
      )}
      {result !== null && <Result result={result} close={() => setResult(null)} />}
    </section>
  );
}

interface FormProps {
  action: Action;
  count: number;
  busy: boolean;
  run(what: What): void;
  cancel(): void;
}

function ActionForm({ action, count, busy, run, cancel }: FormProps) {
  const devices = countOf(count, 'device');
  const texts: Record<Action, string> = {
    set: `Set tag for ${devices}`,
    unset: `Remove tag from ${devices}`,
    model: `Set model for ${devices}`,
    disable: `Disable and disconnect ${devices}`,
    remove: `Remove ${devices} permanently`,
  };
  const { fault, check } = useValidation();
  const dangerous = action === 'disable' || action === 'remove';
  return (
    <form
      class="inline"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!check(event.currentTarget)) return;
        const form = new FormData(event.currentTarget);
        run(whatOf(action, (name) => String(form.get(name) ?? '').trim()));
      }}
    >
      {(action === 'set' || action === 'unset') && (
        <label>
          Tag
          <input
            name="tag"
            type="text"
            required
            pattern="[A-Za-z0-9_\-]{1,64}"
            title="1 to 64 letters, digits, _ or -"
            placeholder="site"
            autocomplete="off"
            spellcheck={false}
          />
        </label>
      )}
      {action === 'set' && (
        <label>
          Value
          <input name="value" type="text" maxLength={256} placeholder="north" autocomplete="off" />
        </label>
      )}
      {action === 'model' && (
        <label>
          Model
          <select name="model">
            {modelNames.value.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
            <option value="">no model</option>
          </select>
        </label>
      )}
      {action === 'remove' && (
        <p class="hint">
          Their credentials, streams and commands are deleted. Their readings are kept until retention removes them.
        </p>
      )}
      <Fault text={fault} />
      <button type="submit" class={dangerous ? 'danger solid' : 'primary'} disabled={busy}>
        {texts[action]}
      </button>
      <button type="button" class="quiet" onClick={cancel}>
        Cancel
      </button>
    </form>
  );
}

function whatOf(action: Action, field: (name: string) => string): What {
  switch (action) {
    case 'set':
      return { change: { setTags: { [field('tag')]: field('value') } } };
    case 'unset':
      return { change: { removeTags: [field('tag')] } };
    case 'model':
      return { change: { model: field('model') === '' ? null : field('model') } };
    case 'disable':
      return { change: { state: 'disabled' } };
    case 'remove':
      return { remove: true };
    default:
      return action satisfies never;
  }
}

function Result({ result: { changed, unchanged, failed, faults }, close }: { result: DeviceEdited; close(): void }) {
  return (
    <div class={failed > 0 ? 'refusal' : undefined} role="status">
      <p>
        {countOf(changed, 'device')} changed
        {unchanged > 0 && `, ${countText(unchanged)} already had this value`}
        {failed > 0 && `, ${countText(failed)} failed`}.{' '}
        <button type="button" class="link" onClick={close}>
          Dismiss
        </button>
      </p>
      {faults.length > 0 && (
        <ul>
          {faults.slice(0, faultsShown).map(({ id, message }) => (
            <li key={id}>{message}</li>
          ))}
          {failed > faultsShown && <li>and {countText(failed - faultsShown)} more</li>}
        </ul>
      )}
    </div>
  );
}
