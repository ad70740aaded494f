import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { modelNames, putDevice } from '../fleet/devices.js';
import type { Device } from '../fleet/presence.js';
import { Failed } from '../parts/empty.js';
import { OperatorNeeded } from '../parts/roleNeeded.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may } from '../session/session.js';
import {
  conflictsOf,
  type DeviceDraft,
  type DraftTag,
  deviceDraftOf,
  type Faults,
  faultsOf,
  patchOf,
} from './deviceDraft.js';

/** The form that edits name, model, tags and notes of a device. `done` is called after saving, and by Cancel. */
export function EditDevice({ device, done }: { device: Device; done(): void }) {
  const [base, setBase] = useState(device);
  const [draft, setDraft] = useState<DeviceDraft>(() => deviceDraftOf(device));
  const [faults, setFaults] = useState<Faults>({});
  const [saving, setSaving] = useState(false);
  if (!may('operator'))
    return (
      <section class="card" aria-label="Edit the device">
        <OperatorNeeded to="edit devices" />
      </section>
    );
  const change = (part: Partial<DeviceDraft>): void => setDraft({ ...draft, ...part });
  const conflicts = conflictsOf(base, draft, device);

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    const found = faultsOf(draft);
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFirstFault(event.currentTarget as HTMLElement);
    const patch = patchOf(base, draft, device);
    if (Object.keys(patch).length === 0) return done();
    setSaving(true);
    try {
      putDevice(await currentApi().patch(device.id, patch));
      done();
    } catch (error) {
      if (error instanceof RefusedError) setFaults(faultsIn(error));
      else fail(error as Error);
      setSaving(false);
    }
  }

  /** Takes what someone else has written, so that it is no conflict any more. */
  const take = (field: 'name' | 'notes' | 'model' | 'tags'): void => {
    setBase({ ...base, [field]: device[field] });
    change({ [field]: deviceDraftOf(device)[field] });
  };
  const conflict = (field: 'name' | 'notes' | 'model'): ComponentChildren =>
    field in conflicts && <Conflict theirs={conflicts[field] ?? 'nothing'} take={() => take(field)} />;

  return (
    <form class="card edit" aria-label="Edit the device" noValidate onSubmit={(event) => void save(event)}>
      {faults[''] !== undefined && <Failed what={faults['']} />}
      <div class="two">
        <Field label="Name" hint="A name for people, on one line. Without a name, the id is shown." fault={faults.name}>
          {(props) => (
            <>
              <input
                {...props}
                type="text"
                autocomplete="off"
                value={draft.name}
                onInput={({ currentTarget }) => change({ name: currentTarget.value })}
              />
              {conflict('name')}
            </>
          )}
        </Field>
        <Field label="Model" hint="The model defines metrics, limits and commands." fault={faults.model}>
          {(props) => (
            <>
              <select
                {...props}
                value={draft.model}
                onChange={({ currentTarget }) => change({ model: currentTarget.value })}
              >
                <option value="">no model</option>
                {withOwn(modelNames.value, draft.model).map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
              {conflict('model')}
            </>
          )}
        </Field>
      </div>
      <Tags tags={draft.tags} faults={faults} change={(tags) => change({ tags })} />
      {conflicts.tags !== undefined && (
        <Conflict
          theirs={Object.entries(conflicts.tags)
            .map(([name, value]) => `${name}=${value}`)
            .join(', ')}
          take={() => take('tags')}
        />
      )}
      <Field label="Notes" hint="Anything that other operators should know." fault={faults.notes}>
        {(props) => (
          <>
            <textarea
              {...props}
              rows={3}
              value={draft.notes}
              onInput={({ currentTarget }) => change({ notes: currentTarget.value })}
            />
            {conflict('notes')}
          </>
        )}
      </Field>
      <div class="buttons">
        <button type="submit" class="primary" disabled={saving}>
          Save
        </button>
        <button type="button" class="quiet" onClick={done}>
          Cancel
        </button>
      </div>
    </form>
  );
}

const withOwn = (names: string[], own: string): string[] =>
  own === '' || names.includes(own) ? names : [own, ...names];

/** A label, its input, and below it the hint, or the fault in its place. */
function Field({
  label,
  hint,
  fault,
  children,
}: {
  label: string;
  hint: string;
  fault: string | undefined;
  children(props: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }): ComponentChildren;
}) {
  const id = useId();
  return (
    <div class={fault === undefined ? 'field' : 'field wrong'}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-hint`, 'aria-invalid': fault !== undefined })}
      <p class="hint" id={`${id}-hint`}>
        {fault === undefined ? hint : <strong role="alert">{fault}</strong>}
      </p>
    </div>
  );
}

/** Someone else has changed the field since the form was opened. */
function Conflict({ theirs, take }: { theirs: string; take(): void }) {
  return (
    <p class="why-not" role="alert">
      Someone else has changed this to <b>{theirs}</b>. If you save, your value replaces it.{' '}
      <button type="button" class="link" onClick={take}>
        Use their value
      </button>
    </p>
  );
}

function Tags({ tags, faults, change }: { tags: DraftTag[]; faults: Faults; change(tags: DraftTag[]): void }) {
  const set = (at: number, part: Partial<DraftTag>): void =>
    change(tags.map((tag, i) => (i === at ? { ...tag, ...part } : tag)));
  return (
    <fieldset class="tag-fields">
      <legend>Tags</legend>
      {tags.map(({ name, value }, i) => {
        const fault = faults[`tags/${i}`];
        return (
          <div key={i} class={fault === undefined ? 'tag-field' : 'tag-field wrong'}>
            <input
              type="text"
              aria-label={`Name of tag ${i + 1}`}
              aria-invalid={fault !== undefined}
              placeholder="site"
              autocomplete="off"
              spellcheck={false}
              value={name}
              onInput={({ currentTarget }) => set(i, { name: currentTarget.value.trim() })}
            />
            <input
              type="text"
              aria-label={`Value of tag ${i + 1}`}
              placeholder="north"
              autocomplete="off"
              value={value}
              onInput={({ currentTarget }) => set(i, { value: currentTarget.value })}
            />
            <button
              type="button"
              class="quiet"
              aria-label={`Remove tag ${name}`}
              onClick={() => change(tags.filter((_, other) => other !== i))}
            >
              Remove
            </button>
            {fault !== undefined && (
              <p class="hint">
                <strong role="alert">{fault}</strong>
              </p>
            )}
          </div>
        );
      })}
      <button type="button" class="quiet" onClick={() => change([...tags, { name: '', value: '' }])}>
        Add a tag
      </button>
      {faults.tags !== undefined && (
        <p class="hint">
          <strong role="alert">{faults.tags}</strong>
        </p>
      )}
    </fieldset>
  );
}

/** The refusal of the gateway at its field. What belongs to no field is under the empty name. */
function faultsIn(refused: RefusedError): Faults {
  if (refused.code === 'model_unknown') return { model: refused.message };
  const faults: Faults = {};
  for (const { path, message } of refused.errors) {
    const [, field = ''] = path.split('/');
    faults[field] = `This value ${message}.`;
  }
  return refused.errors.length > 0 ? faults : { '': `Not saved. ${refused.message}` };
}

function focusFirstFault(form: HTMLElement): void {
  // The faults are drawn first.
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
