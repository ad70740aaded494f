import { signal } from '@preact/signals';
import { createScales, numberIn } from '../../schemas/display/numbers.js';
import { readingText } from '../../schemas/display/values.js';
import type { LatestMetric, LiveMessage } from '../../schemas/generated/operator.js';
import { onLive, want } from '../session/session.js';

/** The latest value per metric name. */
export type Values = Record<string, LatestMetric>;

/** The latest values of the devices that are or were on the screen, at most 2,000 devices. */
const values = new Map<string, Values>();
const revision = signal(0);
const kept = 2_000;
const none: Values = {};

/** The latest values of a device; no entries if none are known. */
export function valuesOf(id: string): Values {
  revision.value;
  return values.get(id) ?? none;
}

const scaleFor = createScales();

/** A latest value for people, and its unit: `22.00` and °C. The values of one metric have the same number of decimals on every device. */
export function written(metric: string, { value, unit }: LatestMetric): { value: string; unit: string } {
  if (typeof value !== 'number') return { value: readingText(value, unit), unit: '' };
  const scale = scaleFor(metric, value, unit);
  return { value: numberIn(value, scale), unit: scale.unit };
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

const seenMax = 200;

/** The names of metrics that rows have shown, at most 200. */
export const seenMetrics = signal<ReadonlySet<string>>(new Set());

function take(id: string, more: Values): void {
  const names = Object.keys(more).filter((name) => !seenMetrics.peek().has(name));
  if (names.length > 0 && seenMetrics.peek().size < seenMax)
    seenMetrics.value = new Set([...seenMetrics.peek(), ...names].slice(0, seenMax));
  const before = values.get(id);
  if (before === undefined && values.size >= kept) values.delete(values.keys().next().value as string);
  values.set(id, { ...before, ...more });
}

/** Takes the latest values of these devices out of a message of the live feed. Other parts of the page ask for other devices. */
function hearValues(message: LiveMessage, ids: ReadonlySet<string>): void {
  if (message.type === 'latest') {
    for (const [id, metrics] of Object.entries(message.changes)) if (ids.has(id)) take(id, metrics);
  } else if (message.type === 'snapshot') {
    for (const [id, { latest }] of Object.entries(message.devices))
      if (latest !== undefined && ids.has(id)) take(id, latest);
  } else return;
  changed();
}

/** Asks the live feed, under a name, for the latest values of these devices and their changes, until the returned function is called. */
export function watchValues(name: string, ids: string[]): () => void {
  if (ids.length === 0) return () => {};
  const asked = new Set(ids);
  const endLive = onLive((message) => hearValues(message, asked));
  const endWant = want(name, { devices: ids, kinds: ['latest'], snapshot: true });
  return () => {
    endWant();
    endLive();
  };
}
