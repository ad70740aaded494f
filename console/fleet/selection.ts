/** The devices that are selected in the list, to act on all of them. The selection stays while filters change. */
import { computed, signal } from '@preact/signals';
import type { DeviceEdited, DeviceEditRequest } from '../../schemas/generated/operator.js';
import { currentApi } from '../session/session.js';
import { deviceOf, revision } from './devices.js';

/** The ids that were selected. Some devices may be removed since. */
const chosen = signal<ReadonlySet<string>>(new Set());
/** The last device that was clicked: a range begins there. */
let anchor: string | null = null;

/** The ids of the selected devices that still exist. */
export const selection = computed((): ReadonlySet<string> => {
  revision.value;
  const known = [...chosen.value].filter((id) => deviceOf(id) !== undefined);
  return known.length === chosen.value.size ? chosen.value : new Set(known);
});

/** Selects or deselects one device, or with `range` all devices of `shown` from the last clicked one to this one. */
export function select(id: string, on: boolean, range: boolean, shown: readonly { id: string }[]): void {
  const next = new Set(chosen.value);
  const from = range && anchor !== null ? shown.findIndex((device) => device.id === anchor) : -1;
  const to = shown.findIndex((device) => device.id === id);
  const ids = from < 0 || to < 0 ? [id] : shown.slice(Math.min(from, to), Math.max(from, to) + 1).map((one) => one.id);
  for (const one of ids) {
    if (on) next.add(one);
    else next.delete(one);
  }
  anchor = id;
  chosen.value = next;
}

/** Selects all these devices in addition, or deselects them. */
export function selectAll(devices: readonly { id: string }[], on: boolean): void {
  const next = new Set(chosen.value);
  for (const { id } of devices) {
    if (on) next.add(id);
    else next.delete(id);
  }
  chosen.value = next;
}

/** Deselects everything. */
export function clearSelection(): void {
  chosen.value = new Set();
  anchor = null;
}

/** Ids that the form of a command batch begins with. */
let handed: string[] = [];

/** Hands the selection to the form of a command batch. */
export function handOver(): void {
  handed = [...selection.value];
}

/** What was handed over, once. */
export function takeHanded(): string[] {
  const ids = handed;
  handed = [];
  return ids;
}

/** The ids that one request may name. */
const perRequest = 1_000;

/** Changes or removes these devices, 1,000 per request. `progress` gets how many are done. Adds up the answers. */
export async function editAll(
  ids: readonly string[],
  what: Pick<DeviceEditRequest, 'change' | 'remove'>,
  progress: (done: number) => void,
): Promise<DeviceEdited> {
  const sum: DeviceEdited = { matched: 0, changed: 0, unchanged: 0, failed: 0, faults: [] };
  for (let at = 0; at < ids.length; at += perRequest) {
    const piece = ids.slice(at, at + perRequest) as [string, ...string[]];
    const done = await currentApi().editDevices({ target: { ids: piece }, ...what } as DeviceEditRequest);
    for (const name of ['matched', 'changed', 'unchanged', 'failed'] as const) sum[name] += done[name];
    sum.faults.push(...done.faults);
    progress(at + piece.length);
  }
  return sum;
}
