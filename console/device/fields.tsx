import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { modelNames } from '../fleet/devices.js';
import type { RefusedError } from '../session/api.js';
import type { DeviceDraft, DraftTag, Faults } from './deviceDraft.js';

interface DeviceFieldsProps {
  draft: DeviceDraft;
  faults: Faults;
  change(part: Partial<DeviceDraft>): void;
  /** What stands below a field. */
  after?: Partial<Record<keyof DeviceDraft, ComponentChildren>>;
}

/** The fields that people write about a device: name, model, tags and notes. */
export function DeviceFields({ draft, faults, change, after = {} }: DeviceFieldsProps) {
  return (
    <>
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
              {after.name}
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
                <option value="">no model: the device names its metrics itself</option>
                {withOwn(modelNames.value, draft.model).map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
              {after.model}
            </>
          )}
        </Field>
      </div>
      <Tags tags={draft.tags} faults={faults} change={(tags) => change({ tags })} />
      {after.tags}
      <Field label="Notes" hint="Anything that other operators should know." fault={faults.notes}>
        {(props) => (
          <>
            <textarea
              {...props}
              rows={3}
              value={draft.notes}
              onInput={({ currentTarget }) => change({ notes: currentTarget.value })}
            />
            {after.notes}
          </>
        )}
      </Field>
    </>
  );
}

const withOwn = (names: string[], own: string): string[] =>
  own === '' || names.includes(own) ? names : [own, ...names];

/** A label, its input, and below it the hint, or the fault in its place. */
export function Field({
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
export function faultsIn(refused: RefusedError): Faults {
  if (refused.code === 'device_exists') return { id: `${refused.message}.` };
  if (refused.code === 'model_unknown') return { model: `${refused.message}.` };
  const faults: Faults = {};
  for (const { path, message } of refused.errors) {
    const [, field = ''] = path.split('/');
    faults[field] = `The gateway refused this: ${message}.`;
  }
  return refused.errors.length > 0 ? faults : { '': `Not saved. ${refused.message}.` };
}

export function focusFirstFault(form: HTMLElement): void {
  // The faults are drawn first.
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
