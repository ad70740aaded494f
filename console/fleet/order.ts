/**
 * The order of the list. By id it follows every change. By anything else the list is sorted again once per second at most, and
 * not while the pointer is on it, so that no row jumps away under a click.
 */
import { computed, effect, signal, untracked } from '@preact/signals';
import type { LatestMetric } from '../../schemas/generated/operator.js';
import { param, setParams } from '../parts/router.js';
import { onLive, want } from '../session/session.js';
import { deviceOf, listed, rankOf, revision } from './devices.js';
import { type Device, type ShownState, shownState } from './presence.js';
import { type Key, runInTurns, sortSteps } from './slices.js';

/** `by` is empty for the id, or `name`, `state`, `seen`, or `m.` and the name of a metric. */
export const sorting = computed(() => {
  const text = param('sort');
  return text.startsWith('-') ? { by: text.slice(1), descending: true } : { by: text, descending: false };
});

/** Sorts the list by something else, or in the other direction. */
export const sortBy = (by: string, descending: boolean): void =>
  setParams({ sort: by === '' && !descending ? '' : `${descending ? '-' : ''}${by}` });

const sorted = signal<Device[] | null>(null);

/** The devices that match the filters, in the order of the list. A device in it may be older than `deviceOf` of its id. */
export const inOrder = computed((): readonly Device[] => sorted.value ?? listed.value);

/** True while the pointer is on the list, so its order is kept. */
export const held = signal(false);

/** The latest values of the metric that the list is sorted by, per device. */
const values = new Map<string, LatestMetric>();
const sortEveryMs = 1_000;
/** Sorting 100,000 devices takes about a tenth of a second, in slices. */
const sortManyEveryMs = 4_000;
const many = 20_000;

/** Keeps the order current while the list is shown, until the returned function is called. */
export function watchOrder(): () => void {
  let isStale = false;
  let sortedAt = 0;
  let endValues = (): void => {};
  let metric: string | null = null;
  let endTurns = (): void => {};
  const arrange = (): void => {
    isStale = false;
    sortedAt = performance.now();
    endTurns();
    const { by, descending } = sorting.peek();
    // Devices come in the order of their ids.
    if (by === '') sorted.value = descending ? listed.peek().toReversed() : null;
    else
      endTurns = runInTurns(
        sortSteps(listed.peek(), (device) => keyOf(by, device), descending),
        (devices) => (sorted.value = devices),
      );
  };
  const endSort = effect(() => {
    const { by } = sorting.value;
    const wanted = by.startsWith('m.') ? by.slice(2) : null;
    if (wanted !== metric) {
      endValues();
      values.clear();
      metric = wanted;
      endValues = wanted === null ? () => {} : watchMetric(wanted, () => (isStale = true));
    }
    // Another filter or sorting was chosen: what follows must be seen at once.
    for (const name of ['q', 'state', 'model', 'tag']) param(name);
    untracked(arrange);
  });
  const endChanges = effect(() => {
    revision.value;
    isStale = true;
  });
  const timer = setInterval(() => {
    const everyMs = listed.peek().length > many ? sortManyEveryMs : 0;
    if (isStale && !held.peek() && performance.now() - sortedAt >= everyMs) arrange();
  }, sortEveryMs);
  return () => {
    endSort();
    endChanges();
    endValues();
    endTurns();
    clearInterval(timer);
    sorted.value = null;
    held.value = false;
  };
}

/** Follows one metric of all devices. */
function watchMetric(metric: string, changed: () => void): () => void {
  const take = (id: string, latest: Record<string, LatestMetric> | undefined): void => {
    if (latest === undefined || !Object.hasOwn(latest, metric)) return;
    values.set(id, latest[metric]);
    changed();
  };
  const endLive = onLive((message) => {
    if (message.type === 'latest') for (const [id, latest] of Object.entries(message.changes)) take(id, latest);
    if (message.type === 'snapshot') for (const [id, { latest }] of Object.entries(message.devices)) take(id, latest);
  });
  const endWant = want('order', { kinds: ['latest'], metrics: [metric], snapshot: true });
  return () => {
    endWant();
    endLive();
  };
}

const states: Record<ShownState, number> = { online: 0, late: 1, offline: 2, disconnected: 3, asleep: 4, never: 5 };

/** What a device is sorted by; null if it has nothing of the kind, which comes last in both directions. */
function keyOf(by: string, device: Device): Key {
  const { presence, name, id } = deviceOf(device.id) ?? device;
  switch (by) {
    case 'name':
      return name === null ? null : rankOf(name);
    case 'state':
      return states[shownState(presence)];
    case 'seen':
      return presence.online ? Number.MAX_VALUE : presence.since;
    default: {
      const value = values.get(id)?.value;
      return value === undefined ? null : typeof value === 'string' ? rankOf(value) : Number(value);
    }
  }
}
