import type { DeviceBody, DevicePatch } from '../../schemas/generated/operator.js';

/** What the form edits of a device. */
export type Edited = Pick<DeviceBody, 'name' | 'notes' | 'model' | 'tags'>;

/** The form as typed. An empty text is none. */
export interface DeviceDraft {
  name: string;
  notes: string;
  model: string;
  /** In the order of the form. */
  tags: DraftTag[];
}

export interface DraftTag {
  name: string;
  value: string;
}

/** A sentence per field at fault. Tags are named by their place in the form: `tags/2`. */
export type Faults = Record<string, string>;

const tagsMax = 32;
const tagName = /^[A-Za-z0-9_-]{1,64}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are what the gateway refuses
const notInName = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above, but notes have several lines
const notInNotes = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

export function deviceDraftOf({ name, notes, model, tags }: Edited): DeviceDraft {
  return {
    name: name ?? '',
    notes: notes ?? '',
    model: model ?? '',
    tags: Object.entries(tags).map(([tag, value]) => ({ name: tag, value })),
  };
}

/** What the gateway would refuse, in words. An empty answer: nothing. */
export function faultsOf({ name, notes, tags }: DeviceDraft): Faults {
  const faults: Faults = {};
  if ([...name.trim()].length > 128) faults.name = 'A name has at most 128 characters.';
  else if (notInName.test(name)) faults.name = 'A name is one line without control characters.';
  if ([...notes.trim()].length > 4_000) faults.notes = 'Notes have at most 4,000 characters.';
  else if (notInNotes.test(notes)) faults.notes = 'Notes contain a control character. Remove it.';
  if (tags.length > tagsMax) faults.tags = `A device has at most ${tagsMax} tags; these are ${tags.length}.`;
  const seen = new Set<string>();
  tags.forEach(({ name: tag, value }, i) => {
    if (!tagName.test(tag))
      faults[`tags/${i}`] = 'The name of a tag has 1 to 64 letters, digits, hyphens or underscores.';
    else if (seen.has(tag)) faults[`tags/${i}`] = `There are two tags ${tag}. A device has one value per tag.`;
    else if ([...value].length > 256) faults[`tags/${i}`] = 'The value of a tag has at most 256 characters.';
    seen.add(tag);
  });
  return faults;
}

/**
 * The request that makes of the device what the form says. `base` is the device when the form was opened, `now` what it is at
 * present. Only what was changed in the form is sent, so what others changed meanwhile stays; tags are compared one by one.
 */
export function patchOf(base: Edited, draft: DeviceDraft, now: Edited): DevicePatch {
  const wanted = editedOf(draft);
  const patch: DevicePatch = {};
  if (wanted.name !== base.name) patch.name = wanted.name;
  if (wanted.notes !== base.notes) patch.notes = wanted.notes;
  if (wanted.model !== base.model) patch.model = wanted.model;
  const tags = { ...now.tags };
  for (const name of Object.keys(base.tags)) if (!(name in wanted.tags)) delete tags[name];
  for (const [name, value] of Object.entries(wanted.tags)) if (base.tags[name] !== value) tags[name] = value;
  if (!sameTags(tags, now.tags)) patch.tags = tags;
  return patch;
}

/** The fields that were changed in the form and, to something else, by someone else meanwhile: what they are now. */
export function conflictsOf(base: Edited, draft: DeviceDraft, now: Edited): Partial<Edited> {
  const wanted = editedOf(draft);
  const conflicts: Partial<Edited> = {};
  if (isConflict(base.name, wanted.name, now.name)) conflicts.name = now.name;
  if (isConflict(base.notes, wanted.notes, now.notes)) conflicts.notes = now.notes;
  if (isConflict(base.model, wanted.model, now.model)) conflicts.model = now.model;
  const names = new Set([...Object.keys(base.tags), ...Object.keys(wanted.tags), ...Object.keys(now.tags)]);
  if ([...names].some((name) => isConflict(base.tags[name], wanted.tags[name], now.tags[name])))
    conflicts.tags = now.tags;
  return conflicts;
}

const isConflict = <Value>(base: Value, wanted: Value, now: Value): boolean =>
  wanted !== base && now !== base && now !== wanted;

/** What the form says, without spaces around texts; null for what is empty. */
export function editedOf({ name, notes, model, tags }: DeviceDraft): Edited {
  const orNull = (text: string): string | null => (text === '' ? null : text);
  return {
    name: orNull(name.trim()),
    notes: orNull(notes.trim()),
    model: orNull(model),
    tags: Object.fromEntries(tags.map((tag) => [tag.name, tag.value])),
  };
}

function sameTags(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
