import { signal } from '@preact/signals';
import type { LatestMetric, LiveMessage } from '../../schemas/generated/operator.js';
import { onLive, want } from '../session/session.js';

export type Values = Record<string, LatestMetric>;

/** Newest values of the devices that are on the screen; nothing is asked for beyond them. */
const values = new Map<string, Values>();
const revision = signal(0);
const kept = 2_000;
const none: Values = {};

export function valuesOf(id: string): Values {
  revision.value;
  return values.get(id) ?? none;
}

let redrawing = false;
function changed(): void {
  if (redrawing) return;
  redrawing = true;
  requestAnimationFrame(() => {
    redrawing = false;
    revision.value++;
  });
}

function take(id: string, more: Values): void {
  const before = values.get(id);
  if (before === undefined && values.size >= kept) values.delete(values.keys().next().value as string);
  values.set(id, { ...before, ...more });
}

export function hearValues(message: LiveMessage): void {
  if (message.type === 'latest') for (const [id, metrics] of Object.entries(message.changes)) take(id, metrics);
  else if (message.type === 'snapshot')
    for (const [id, { latest }] of Object.entries(message.devices)) {
      if (latest !== undefined) take(id, latest);
    }
  else return;
  changed();
}

/** Asks for the newest values of these devices under a name, and for what becomes of them. Returns the end of it. */
export function watchValues(name: string, ids: string[]): () => void {
  if (ids.length === 0) return () => {};
  const endLive = onLive(hearValues);
  const endWant = want(name, { devices: ids, kinds: ['latest'], snapshot: true });
  return () => {
    endWant();
    endLive();
  };
}
