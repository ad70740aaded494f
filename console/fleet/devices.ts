import { computed, signal } from '@preact/signals';
import type { LiveMessage } from '../../schemas/generated/operator.js';
import { param } from '../parts/router.js';
import { currentApi, fail, models, onLive, want } from '../session/session.js';
import { type Device, type PresenceState, stateOf } from './presence.js';

interface Known {
  device: Device;
  /** What a search looks in. */
  text: string;
  /** Sorts boiler-2 before boiler-10 by plain comparison. */
  rank: string;
}

/** Up to 100,000 devices, changed in place; `revision` counts the changes, at most one a frame. */
const known = new Map<string, Known>();
let ordered: Known[] = [];
const perState: Record<PresenceState, number> = { online: 0, late: 0, asleep: 0, offline: 0, never: 0 };
const perTag = new Map<string, number>();

export const revision = signal(0);
export const loading = signal(true);

/** Whatever is being drawn is drawn again when devices changed. */
function current<Value>(value: Value): Value {
  revision.value;
  return value;
}

export const deviceOf = (id: string): Device | undefined => current(known.get(id)?.device);

export const counts = computed(() => ({ ...current(perState), all: known.size }));

/** Devices in order, as the filters in the address leave them. */
export const listed = computed(() => {
  revision.value;
  const [state, model, tag] = [param('state'), param('model'), param('tag')];
  const words = param('q').toLowerCase().split(/\s+/).filter(Boolean);
  const at = tag.indexOf('=');
  const shown: Device[] = [];
  for (const { device, text } of ordered) {
    if (state !== '' && stateOf(device.presence) !== state) continue;
    if (model !== '' && device.model !== model) continue;
    if (tag !== '' && device.tags[tag.slice(0, at)] !== tag.slice(at + 1)) continue;
    if (words.every((word) => text.includes(word))) shown.push(device);
  }
  return shown;
});

const tagsShown = 200;

/** Tags in use with the number of their devices; those of the most devices. */
export const tagCounts = computed(() => {
  loading.value;
  return most(perTag, tagsShown, ([, a], [, b]) => b - a);
});

export const modelNames = computed(() => [...models.value.keys()]);

/** The devices that want a look: quiet, gone, or coming and going. */
export const troubled = computed(() => {
  revision.value;
  const found: Device[] = [];
  for (const { device } of ordered) {
    const state = stateOf(device.presence);
    if (state === 'late' || state === 'offline' || device.presence.flapping === true) found.push(device);
  }
  return found.sort((a, b) => (b.presence.since ?? 0) - (a.presence.since ?? 0));
});

const recentMax = 14;

/** The devices that came or went last: what happened before the page was opened. */
export const recent = computed(() => {
  revision.value;
  const since = ({ device }: Known): number => device.presence.since ?? 0;
  const seen = ordered.filter((one) => since(one) > 0);
  return most(seen, recentMax, (a, b) => since(b) - since(a)).map(({ device }) => device);
});

/** The first `count` by `compare`, without sorting them all. */
function most<Item>(items: Iterable<Item>, count: number, compare: (a: Item, b: Item) => number): Item[] {
  const first: Item[] = [];
  for (const item of items) {
    if (first.length === count && compare(first[count - 1], item) <= 0) continue;
    const at = first.findIndex((one) => compare(one, item) > 0);
    first.splice(at < 0 ? first.length : at, 0, item);
    if (first.length > count) first.pop();
  }
  return first;
}

let redrawing = false;
/** Many messages, one redraw; and no more than a few a second, since a redraw looks at every device. */
function changed(): void {
  if (redrawing) return;
  redrawing = true;
  const wait = known.size > 20_000 ? 500 : known.size > 2_000 ? 200 : 30;
  setTimeout(() => {
    redrawing = false;
    revision.value++;
  }, wait);
}

function put(device: Device): Known | null {
  const before = known.get(device.id);
  if (before !== undefined) perState[stateOf(before.device.presence)]--;
  perState[stateOf(device.presence)]++;
  if (before?.device.tags !== device.tags) {
    if (before !== undefined) countTags(before.device, -1);
    countTags(device, 1);
  }
  const text = [device.id, device.model ?? '', ...tagsOf(device)].join(' ').toLowerCase();
  if (before !== undefined) {
    Object.assign(before, { device, text });
    return null;
  }
  const made = { device, text, rank: device.id.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0')) };
  known.set(device.id, made);
  return made;
}

const tagsOf = ({ tags }: Device): string[] => Object.entries(tags).map(([name, value]) => `${name}=${value}`);

function countTags(device: Device, by: 1 | -1): void {
  for (const tag of tagsOf(device)) {
    const count = (perTag.get(tag) ?? 0) + by;
    if (count === 0) perTag.delete(tag);
    else perTag.set(tag, count);
  }
}

export function putDevice(device: Device): void {
  const made = put(device);
  if (made !== null) ordered = merged(ordered, [made]);
  changed();
}

export function forgetDevice(id: string): void {
  const gone = known.get(id);
  if (gone === undefined) return;
  known.delete(id);
  perState[stateOf(gone.device.presence)]--;
  countTags(gone.device, -1);
  ordered = ordered.filter((one) => one !== gone);
  changed();
}

/** Two lists in order become one: a page of devices costs a walk, not a sort of all. */
function merged(a: Known[], b: Known[]): Known[] {
  const both: Known[] = [];
  let i = 0;
  for (const one of b) {
    while (i < a.length && a[i].rank <= one.rank) both.push(a[i++]);
    both.push(one);
  }
  while (i < a.length) both.push(a[i++]);
  return both;
}

/** Reads all devices, then keeps them as the live feed tells. Returns the end of it. */
export function watchFleet(): () => void {
  const endWant = want('fleet', { kinds: ['presence', 'rejected', 'commands'] });
  const endLive = onLive(hear);
  void load();
  return () => {
    endWant();
    endLive();
  };
}

/** The feed is told of first, so that nothing is missed between the list and it. */
async function load(): Promise<void> {
  try {
    const seen = new Set<string>();
    for await (const page of currentApi().devices()) {
      const made: Known[] = [];
      for (const device of page) {
        seen.add(device.id);
        const one = put(device);
        if (one !== null) made.push(one);
      }
      ordered = merged(
        ordered,
        made.sort((a, b) => (a.rank < b.rank ? -1 : 1)),
      );
      changed();
    }
    for (const id of known.keys()) if (!seen.has(id)) forgetDevice(id);
    loading.value = false;
    changed();
  } catch (error) {
    fail(error as Error);
  }
}

const asked = new Set<string>();

function hear(message: LiveMessage): void {
  // The feed was away: what happened meanwhile is in the list.
  if (message.type === 'welcome' && !loading.value) void load();
  if (message.type !== 'presence') return;
  const one = known.get(message.device);
  if (one !== undefined) {
    put({ ...one.device, presence: message.presence });
    changed();
  } else if (!loading.value) void ask(message.device);
}

/** A device that registered since. */
export async function ask(id: string): Promise<void> {
  if (asked.has(id)) return;
  asked.add(id);
  try {
    putDevice(await currentApi().device(id));
  } catch {
    // It was removed again.
  }
  asked.delete(id);
}
