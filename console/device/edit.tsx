import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { putDevice } from '../fleet/devices.js';
import type { Device } from '../fleet/presence.js';
import { Failed } from '../parts/empty.js';
import { OperatorNeeded } from '../parts/roleNeeded.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may } from '../session/session.js';
import { conflictsOf, type DeviceDraft, deviceDraftOf, type Faults, faultsOf, patchOf } from './deviceDraft.js';
import { DeviceFields, faultsIn, focusFirstFault } from './fields.js';

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
      <DeviceFields
        draft={draft}
        faults={faults}
        change={change}
        after={{
          name: conflict('name'),
          model: conflict('model'),
          notes: conflict('notes'),
          tags: conflicts.tags !== undefined && (
            <Conflict
              theirs={Object.entries(conflicts.tags)
                .map(([name, value]) => `${name}=${value}`)
                .join(', ')}
              take={() => take('tags')}
            />
          ),
        }}
      />
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
