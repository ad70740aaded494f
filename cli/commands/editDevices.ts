import { type Command, Option } from 'commander';
import { countOf, countText } from '../../schemas/display/numbers.js';
import type {
  DeviceBody,
  DeviceEdited,
  DeviceEditRequest,
  DevicePatch,
  EditTarget,
} from '../../schemas/generated/operator.js';
import { type ApiClient, type ApiOptions, createApiClient } from '../api/apiClient.js';
import { countDevices } from '../api/countDevices.js';
import { Failure } from '../api/failure.js';
import { collect } from '../terminal/collect.js';
import { confirm, yesOption } from '../terminal/confirm.js';
import { printJson } from '../terminal/output.js';
import { parseTags, tagsText } from '../terminal/tags.js';

interface EditOptions extends ApiOptions {
  name?: string | false;
  notes?: string | false;
  model?: string | false;
  tag?: string[];
  untag?: string[];
  all?: boolean;
  whereModel?: string;
  whereTag?: string[];
  yes?: boolean;
}

/** How many ids one request may name. */
const idsAtOnce = 1_000;

/** Adds `tidegate device edit`. `add` makes a subcommand. */
export function addEdit(add: (name: string, description: string) => Command): void {
  const setting = 'Changes:';
  const selection = 'Devices, if no id is given:';
  const of = (group: string, flags: string, description: string): Option =>
    new Option(flags, description).helpGroup(group);
  add('edit [id...]', 'change the model or tags of one or many devices, or the name or notes of one')
    .addOption(of(setting, '--name <text>', 'name for people'))
    .addOption(of(setting, '--no-name', 'remove the name'))
    .addOption(of(setting, '--notes <text>', 'notes'))
    .addOption(of(setting, '--no-notes', 'remove the notes'))
    .addOption(of(setting, '--model <model>', 'model'))
    .addOption(of(setting, '--no-model', 'remove the model'))
    .addOption(of(setting, '--tag <name=value>', 'set a tag; repeatable; other tags stay').argParser(collect))
    .addOption(of(setting, '--untag <name>', 'remove a tag; repeatable').argParser(collect))
    .addOption(
      of(
        selection,
        '--where-tag <name=value>',
        'devices with this tag; if repeated, devices with all of the tags',
      ).argParser(collect),
    )
    .addOption(of(selection, '--where-model <model>', 'devices of this model'))
    .addOption(of(selection, '--all', 'every device; asks before it changes them'))
    .addOption(yesOption())
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate device edit boiler-7 --name "Boiler of the north hall" --tag floor=2\n  tidegate device edit --where-tag site=north --untag old --model boiler',
    )
    .action(edit);
}

async function edit(ids: string[], options: EditOptions): Promise<void> {
  const change = changeOf(options);
  const { all, whereModel, whereTag = [] } = options;
  if (ids.length > 0 === (all === true || whereModel !== undefined || whereTag.length > 0))
    throw new Failure(64, 'No devices are given. Use ids, or --where-tag, --where-model or --all');
  const api = createApiClient(options);
  const wanted = [...new Set(ids)];
  if (wanted.length === 1) return editOne(api, wanted[0], change, options);
  if ('name' in change || 'notes' in change)
    throw new Failure(64, 'Names and notes are those of one device: give one id with --name or --notes');
  if (all) await confirm(`Every device is changed, ${countOf(await countDevices(api), 'device')}.`, options);
  const sum: DeviceEdited = { matched: 0, changed: 0, unchanged: 0, failed: 0, faults: [] };
  for (const target of await targetsOf(api, wanted, options)) {
    const done = await editMany(api, target, change);
    for (const field of ['matched', 'changed', 'unchanged', 'failed'] as const) sum[field] += done[field];
    sum.faults.push(...done.faults);
  }
  if (options.json) printJson(sum);
  else console.log(summaryOf(sum));
  if (sum.failed > 0) throw new Failure(1, faultsText(sum));
}

async function editOne(api: ApiClient, id: string, change: Change, { json }: EditOptions): Promise<void> {
  const before = await api.request<DeviceBody>('GET', pathOf(id));
  const patch = patchOf(before, change);
  const now = patch === null ? before : await api.request<DeviceBody>('PATCH', pathOf(id), patch);
  if (json) printJson(now);
  else console.log(lineOf(now, patch !== null));
}

/** One request changes all devices of the target. */
async function editMany(api: ApiClient, target: EditTarget, { model, tags, untag }: Change): Promise<DeviceEdited> {
  const body: DeviceEditRequest = {
    target,
    change: {
      ...(model === undefined ? {} : { model }),
      ...(Object.keys(tags).length === 0 ? {} : { setTags: tags }),
      ...(isSome(untag) ? { removeTags: untag } : {}),
    },
  };
  try {
    return await api.request<DeviceEdited>('POST', '/v1/device-edits', body);
  } catch (error) {
    if (error instanceof Failure && error.code === 'target_empty') throw noneMatches();
    throw error;
  }
}

const isSome = <Item>(items: Item[]): items is [Item, ...Item[]] => items.length > 0;

const noneMatches = (): Failure => new Failure(1, 'No devices match. Nothing was changed.');

const pathOf = (id: string): string => `/v1/devices/${encodeURIComponent(id)}`;

interface Change extends Pick<DevicePatch, 'name' | 'notes' | 'model'> {
  tags: Record<string, string>;
  untag: string[];
}

/** Throws Failure if nothing is to change. */
function changeOf({ name, notes, model, tag = [], untag = [] }: EditOptions): Change {
  const fields = Object.entries({ name, notes, model }).filter(([, value]) => value !== undefined);
  if (fields.length + tag.length + untag.length === 0)
    throw new Failure(64, 'No change is given. Use --name, --notes, --model, --tag or --untag');
  const tags = parseTags(tag);
  const both = untag.find((one) => Object.hasOwn(tags, one));
  if (both !== undefined) throw new Failure(64, `--tag and --untag both name ${both}. Choose one`);
  return {
    ...Object.fromEntries(fields.map(([key, value]) => [key, value === false ? null : value])),
    tags,
    untag: [...new Set(untag)],
  };
}

/**
 * What to name to the API: all, a model or tags as they are; ids, and devices that must have both a model and tags, by their ids in
 * parts. Throws Failure if no device matches.
 */
async function targetsOf(
  api: ApiClient,
  ids: string[],
  { all, whereModel, whereTag = [] }: EditOptions,
): Promise<EditTarget[]> {
  if (all) return [{ all: true }];
  const tags = parseTags(whereTag);
  if (ids.length === 0 && whereTag.length === 0) return [{ model: whereModel }];
  if (ids.length === 0 && whereModel === undefined) return [{ tags }];
  const wanted = ids.length > 0 ? ids : await matching(api, tags, whereModel);
  if (wanted.length === 0) throw noneMatches();
  const parts: EditTarget[] = [];
  for (let at = 0; at < wanted.length; at += idsAtOnce) {
    const part = wanted.slice(at, at + idsAtOnce);
    if (isSome(part)) parts.push({ ids: part });
  }
  return parts;
}

async function matching(api: ApiClient, tags: Record<string, string>, model: string | undefined): Promise<string[]> {
  const query = new URLSearchParams(
    Object.entries(tags).map(([name, value]): [string, string] => [`tag.${name}`, value]),
  );
  const ids: string[] = [];
  for await (const device of api.list<DeviceBody>(`/v1/devices?${query}`))
    if (device.model === model) ids.push(device.id);
  return ids;
}

/** What the API has to change in this device; null: it is as wanted already. */
function patchOf(device: DeviceBody, { tags, untag, ...fields }: Change): DevicePatch | null {
  const wanted = Object.fromEntries(
    Object.entries({ ...device.tags, ...tags }).filter(([name]) => !untag.includes(name)),
  );
  const differs = Object.entries(fields).filter(([key, value]) => device[key as keyof typeof fields] !== value);
  const sameTags =
    Object.keys(wanted).length === Object.keys(device.tags).length &&
    Object.entries(wanted).every(([name, value]) => device.tags[name] === value);
  if (sameTags && differs.length === 0) return null;
  return { ...Object.fromEntries(differs), ...(sameTags ? {} : { tags: wanted }) };
}

function lineOf({ id, name, model, tags }: DeviceBody, changed: boolean): string {
  const facts = [
    ...(name === null ? [] : [`name ${JSON.stringify(name)}`]),
    `model ${model ?? '–'}`,
    `tags ${tagsText(tags) || '–'}`,
  ];
  return `Device ${id} ${changed ? 'is changed' : 'already has these values'}: ${facts.join(', ')}.`;
}

function summaryOf({ changed, unchanged, failed }: DeviceEdited): string {
  return [
    `${countOf(changed, 'device')} changed`,
    ...(unchanged === 0 ? [] : [`${countText(unchanged)} already had these values`]),
    ...(failed === 0 ? [] : [`${countText(failed)} failed`]),
  ].join(', ');
}

function faultsText({ failed, faults }: DeviceEdited): string {
  const lines = faults.map(({ id, code, message }) => `${id}: ${message} (${code})`);
  return [...lines, ...(failed > faults.length ? [`and ${countText(failed - faults.length)} more`] : [])].join('\n');
}
