import { type Command, Option } from 'commander';
import { countOf } from '../../schemas/display/numbers.js';
import type { DeviceBody, DevicePatch } from '../../schemas/generated/operator.js';
import { type ApiClient, type ApiOptions, createApiClient } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { collect } from '../terminal/collect.js';
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
}

/** How many devices are changed at the same time. */
const lanes = 8;
const progressEveryMs = 1_000;

/** Adds `tidegate device edit`. `add` makes a subcommand. */
export function addEdit(add: (name: string, description: string) => Command): void {
  const setting = 'Changes:';
  const selection = 'Devices, if no id is given:';
  const of = (group: string, flags: string, description: string): Option =>
    new Option(flags, description).helpGroup(group);
  add('edit [id...]', 'change the name, notes, model or tags of one or many devices')
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
    .addOption(of(selection, '--all', 'every device'))
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate device edit boiler-7 --name "Boiler of the north hall" --tag floor=2\n  tidegate device edit --where-tag site=north --untag old --model boiler',
    )
    .action(edit);
}

async function edit(ids: string[], options: EditOptions): Promise<void> {
  const change = changeOf(options);
  const api = createApiClient(options);
  const devices = await selected(api, ids, options);
  if (devices.length === 0) throw new Failure(1, 'No devices match. Nothing was changed.');
  const faults: string[] = [];
  let changed = 0;
  const progress = createProgress(devices.length);
  const queue = [...devices];
  const lane = async (): Promise<void> => {
    for (let device = queue.shift(); device !== undefined; device = queue.shift()) {
      const patch = patchOf(device, change);
      try {
        const now = patch === null ? device : await api.request<DeviceBody>('PATCH', pathOf(device.id), patch);
        if (patch !== null) changed++;
        if (options.json) printJson(now);
        else if (devices.length === 1) console.log(lineOf(now, patch !== null));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        faults.push(`${device.id}: ${error.message}`);
      }
      progress(devices.length - queue.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, devices.length) }, lane));
  if (!options.json && devices.length > 1) console.log(summaryOf(devices.length, changed, faults.length));
  if (faults.length > 0) throw new Failure(1, faults.join('\n'));
}

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
  return { ...Object.fromEntries(fields.map(([key, value]) => [key, value === false ? null : value])), tags, untag };
}

/** The devices with these ids, or those that match. Throws Failure unless it is exactly one of both. */
async function selected(
  api: ApiClient,
  ids: string[],
  { all, whereModel, whereTag = [] }: EditOptions,
): Promise<DeviceBody[]> {
  const matching = all === true || whereModel !== undefined || whereTag.length > 0;
  if (ids.length > 0 === matching)
    throw new Failure(64, 'No devices are given. Use ids, or --where-tag, --where-model or --all');
  if (ids.length > 0) {
    const wanted = [...new Set(ids)];
    return Promise.all(wanted.map((id) => api.request<DeviceBody>('GET', pathOf(id))));
  }
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parseTags(whereTag))) query.set(`tag.${name}`, value);
  const found: DeviceBody[] = [];
  for await (const device of api.list<DeviceBody>(`/v1/devices?${query}`))
    if (whereModel === undefined || device.model === whereModel) found.push(device);
  return found;
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

function summaryOf(all: number, changed: number, failed: number): string {
  const same = all - changed - failed;
  return [
    `${countOf(changed, 'device')} changed`,
    ...(same === 0 ? [] : [`${same} already had these values`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ].join(', ');
}

/** Writes how far it is to stderr, about once per second. */
function createProgress(total: number): (done: number) => void {
  let at = Date.now();
  return (done) => {
    if (Date.now() - at < progressEveryMs) return;
    at = Date.now();
    console.error(`${done.toLocaleString('en')} of ${countOf(total, 'device')}`);
  };
}
