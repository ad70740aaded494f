/**
 * All devices of the gateway in memory, with their presence, kept current by the live feed. fleet/ knows what the pages need of
 * many devices at once: the list, counts, events, latest values. What concerns one device alone is in device/.
 */
import { computed, signal } from '@preact/signals';
import type { LiveMessage } from '../../schemas/generated/operator.js';
import { param } from '../parts/router.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, models, onLive, want } from '../session/session.js';
import { type Device, type ShownState, shownState } from './presence.js';

interface Known {
  device: Device;
  /** What a search looks in: id, name, model and tags in lower case. */
  text: string;
  /** The id in a form whose plain comparison sorts boiler-2 before boiler-10. */
  rank: string;
}

/** Up to 100,000 devices, changed in place. `revision` counts the redraws that the changes need. */
const known = new Map<string, Known>();
let ordered: Known[] = [];
const perState: Record<ShownState, number> = {
  online: 0,
  late: 0,
  asleep: 0,
  disconnected: 0,
  offline: 0,
  never: 0,
};
const perTag = new Map<string, number>();

export const revision = signal(0);
/** True until every device was read once. */
export const loading = signal(true);

/** Returns the value, and makes whatever is being drawn depend on `revision`, so that it is drawn again when devices change. */
function current<Value>(value: Value): Value {
  revision.value;
  return value;
}

/** A device by its id; undefined if it is not known. */
export const deviceOf = (id: string): Device | undefined => current(known.get(id)?.device);

/** How many devices there are per state, and in all. */
export const counts = computed(() => ({ ...current(perState), all: known.size }));

/** The devices that match the filters in the address, in order of their ids. */
export const listed = computed(() => {
  revision.value;
  const [state, model, tag] = [param('state'), param('model'), param('tag')];
  const words = param('q').toLowerCase().split(/\s+/).filter(Boolean);
  const at = tag.indexOf('=');
  const shown: Device[] = [];
  for (const { device, text } of ordered) {
    if (state !== '' && shownState(device.presence) !== state) continue;
    if (model !== '' && device.model !== model) continue;
    if (tag !== '' && device.tags[tag.slice(0, at)] !== tag.slice(at + 1)) continue;
    if (words.every((word) => text.includes(word))) shown.push(device);
  }
  return shown;
});

/** The first devices that a search finds, in order of their ids, and how many it finds in all. */
export function searched(search: string, count: number): { found: Device[]; all: number } {
  revision.value;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = ordered.filter(({ text }) => words.every((word) => text.includes(word)));
  return { found: matching.slice(0, count).map(({ device }) => device), all: matching.length };
}

const tagsShown = 200;

/** The 200 tags with the most devices, each with the number of its devices. */
export const tagCounts = computed(() => {
  loading.value;
  return most(perTag, tagsShown, ([, a], [, b]) => b - a);
});

/** How many devices have this model. */
export function countOfModel(name: string): number {
  revision.value;
  return ordered.reduce((count, { device }) => count + Number(device.model === name), 0);
}

/** The names of all models. */
export const modelNames = computed(() => [...models.value.keys()]);

/** The devices that need attention, per reason in the order of their severity, each with the latest change first. Disabled devices need none. */
export const troubled = computed(() => {
  revision.value;
  const found: Record<'offline' | 'late' | 'flapping', Device[]> = { offline: [], late: [], flapping: [] };
  for (const { device } of ordered) {
    const state = shownState(device.presence);
    if (device.state === 'disabled') continue;
    if (state === 'offline' || state === 'late') found[state].push(device);
    else if (device.presence.flapping) found.flapping.push(device);
  }
  for (const devices of Object.values(found)) devices.sort((a, b) => (b.presence.since ?? 0) - (a.presence.since ?? 0));
  return found;
});

const recentMax = 14;

/** The 14 devices that came or went last: what happened before the page was opened. */
export const recent = computed(() => {
  revision.value;
  const since = ({ device }: Known): number => device.presence.since ?? 0;
  const seen = ordered.filter((item) => since(item) > 0);
  return most(seen, recentMax, (a, b) => since(b) - since(a)).map(({ device }) => device);
});

/** The first `count` items in the order of `compare`, without sorting all of them. */
function most<Item>(items: Iterable<Item>, count: number, compare: (a: Item, b: Item) => number): Item[] {
  const first: Item[] = [];
  for (const item of items) {
    if (first.length === count && compare(first[count - 1], item) <= 0) continue;
    const at = first.findIndex((other) => compare(other, item) > 0);
    first.splice(at < 0 ? first.length : at, 0, item);
    if (first.length > count) first.pop();
  }
  return first;
}

let redrawing = false;
/** Asks for a redraw. Many changes share one, and a large fleet is redrawn twice per second at most, because a redraw looks at every device. */
function changed(): void {
  if (redrawing) return;
  redrawing = true;
  const wait = known.size > 20_000 ? 500 : known.size > 2_000 ? 200 : 30;
  setTimeout(() => {
    redrawing = false;
    revision.value++;
  }, wait);
}

/** Stores a device. Returns the new entry, which the caller puts into `ordered`; null if the device was known. */
function put(device: Device): Known | null {
  const before = known.get(device.id);
  if (before !== undefined) perState[shownState(before.device.presence)]--;
  perState[shownState(device.presence)]++;
  if (before?.device.tags !== device.tags) {
    if (before !== undefined) countTags(before.device, -1);
    countTags(device, 1);
  }
  const text = [device.id, device.name ?? '', device.model ?? '', ...tagsOf(device)].join(' ').toLowerCase();
  if (before !== undefined) {
    Object.assign(before, { device, text });
    return null;
  }
  const made = { device, text, rank: rankOf(device.id) };
  known.set(device.id, made);
  return made;
}

/** A text in a form whose plain comparison sorts boiler-2 before boiler-10. */
export const rankOf = (text: string): string =>
  text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0'));

const tagsOf = ({ tags }: Device): string[] => Object.entries(tags).map(([name, value]) => `${name}=${value}`);

function countTags(device: Device, by: 1 | -1): void {
  for (const tag of tagsOf(device)) {
    const count = (perTag.get(tag) ?? 0) + by;
    if (count === 0) perTag.delete(tag);
    else perTag.set(tag, count);
  }
}

/** Takes a device that was read or changed. */
export function putDevice(device: Device): void {
  const made = put(device);
  if (made !== null) ordered = merged(ordered, [made]);
  changed();
}

/** Drops a device that was removed. */
export const forgetDevice = (id: string): void => forgetDevices([id]);

function forgetDevices(ids: readonly string[]): void {
  const gone = new Set<Known>();
  for (const id of ids) {
    stale.delete(id);
    const item = known.get(id);
    if (item === undefined) continue;
    gone.add(item);
    known.delete(id);
    perState[shownState(item.device.presence)]--;
    countTags(item.device, -1);
  }
  if (gone.size === 0) return;
  ordered = ordered.filter((item) => !gone.has(item));
  changed();
}

/** Merges two ordered lists. A page of new devices costs one walk, not a sort of all devices. */
function merged(a: Known[], b: Known[]): Known[] {
  const both: Known[] = [];
  let i = 0;
  for (const item of b) {
    while (i < a.length && a[i].rank <= item.rank) both.push(a[i++]);
    both.push(item);
  }
  while (i < a.length) both.push(a[i++]);
  return both;
}

/** Reads all devices and keeps them current by the live feed, until the returned function is called. */
export function watchFleet(): () => void {
  const endWant = want('fleet', { kinds: ['presence', 'devices', 'rejected', 'commands'] });
  const endLive = onLive(hear);
  void load();
  return () => {
    endWant();
    endLive();
  };
}

/** Reads all devices. The caller has subscribed to the live feed before, so that no change is missed between the list and the feed. */
async function load(): Promise<void> {
  try {
    const seen = new Set<string>();
    for await (const page of currentApi().devices()) {
      const made: Known[] = [];
      for (const device of page) {
        seen.add(device.id);
        const entry = put(device);
        if (entry !== null) made.push(entry);
      }
      ordered = merged(
        ordered,
        made.sort((a, b) => (a.rank < b.rank ? -1 : 1)),
      );
      changed();
    }
    forgetDevices([...known.keys()].filter((id) => !seen.has(id)));
    loading.value = false;
    changed();
  } catch (error) {
    fail(error as Error);
  }
}

/** The devices that are being read, so that each is read once at a time. */
const asked = new Set<string>();

function hear(message: LiveMessage): void {
  // The feed was disconnected: what happened meanwhile is in the list.
  if (message.type === 'welcome' && !loading.value) void load();
  if (message.type === 'devices') return message.what === 'removed' ? forgetDevices(message.ids) : edited(message.ids);
  if (message.type !== 'presence') return;
  const entry = known.get(message.device);
  if (entry !== undefined) {
    put({ ...entry.device, presence: message.presence });
    changed();
  } else if (!loading.value) void ask(message.device);
}

/** Devices that operators have changed and that are not read again yet. */
const stale = new Set<string>();
/** Above this the whole list is read, which takes fewer requests. */
const readSingly = 20;
const gatherMs = 300;

/** Reads devices again after an edit, also by others. An edit of many comes in several messages, which share one reading. */
function edited(ids: readonly string[]): void {
  if (stale.size === 0)
    setTimeout(() => {
      const due = [...stale];
      stale.clear();
      if (due.length > readSingly) void load();
      else for (const id of due) void ask(id);
    }, gatherMs);
  for (const id of ids) stale.add(id);
}

/** Reads a device again, or one that was registered after the list was read. A removed one is forgotten. */
export async function ask(id: string): Promise<void> {
  if (asked.has(id)) return;
  asked.add(id);
  try {
    putDevice(await currentApi().device(id));
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'device_unknown') forgetDevice(id);
  }
  asked.delete(id);
}
