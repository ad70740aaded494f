import { computed, signal } from '@preact/signals';
import type { DeviceBody, GatewayBody, LiveMessage, ModelItem, SessionBody } from '../../schemas/generated/operator.js';
import { type Api, createApi, SignedOutError } from './api.js';
import { openLive } from './live.js';

export type Values = Record<string, { ts: number; value: number | string | boolean; unit: string | null }>;
export type Rejected = Extract<LiveMessage, { type: 'rejected' }>;
export type Presence = DeviceBody['presence'];

/** Everything the page shows, as signals. */
export const key = signal<string | null>(null);
export const signInError = signal<string | null>(null);
export const gateway = signal<GatewayBody | null>(null);
/** Whose key it is; null until the gateway has said so. */
export const session = signal<SessionBody | null>(null);
export const models = signal<ReadonlyMap<string, ModelItem>>(new Map());
export const linked = signal(false);
export const loading = signal(true);
export const failure = signal<string | null>(null);
export const now = signal(Date.now());
/** Counts up when devices came, went, or changed; the maps are changed in place, since they may hold 100,000. */
export const revision = signal(0);
export const search = signal('');
export const filter = signal<'all' | 'online' | 'offline'>('all');
export const selected = signal<string | null>(null);

const devices = new Map<string, DeviceBody>();
const values = new Map<string, Values>();
const rejected = new Map<string, Rejected[]>();
const rejectedShownMax = 20;

/** Subscribes whatever is being drawn: it is drawn again when something changed. */
function readNow<Value>(value: Value): Value {
  revision.value;
  return value;
}

export const deviceOf = (id: string): DeviceBody | undefined => readNow(devices.get(id));
export const valuesOf = (id: string): Values => readNow(values.get(id) ?? {});
export const rejectedOf = (id: string): Rejected[] => readNow(rejected.get(id) ?? []);

export const counts = computed(() => {
  revision.value;
  let online = 0;
  for (const { presence } of devices.values()) if (presence.online) online++;
  return { all: devices.size, online, offline: devices.size - online };
});

/** Ids in order, as search and filter leave them. */
export const listed = computed(() => {
  revision.value;
  const words = search.value
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const shown: string[] = [];
  for (const device of devices.values()) {
    if (filter.value !== 'all' && device.presence.online !== (filter.value === 'online')) continue;
    const text = words.length === 0 ? '' : textOf(device);
    if (words.every((word) => text.includes(word))) shown.push(device.id);
  }
  return shown.sort(compareIds);
});

function textOf({ id, model, tags }: DeviceBody): string {
  return [id, model ?? '', ...Object.entries(tags).map(([name, value]) => `${name}=${value}`)].join(' ').toLowerCase();
}

const collator = new Intl.Collator('en', { numeric: true });
const compareIds = (a: string, b: string): number => collator.compare(a, b);

let api: Api | null = null;
let endLive: (() => void) | null = null;
let redrawing = false;

const roles = ['viewer', 'operator', 'admin'];

/** The key may do what needs this role. */
export const may = (role: 'operator' | 'admin'): boolean =>
  session.value !== null && roles.indexOf(session.value.role) >= roles.indexOf(role);

/** Throws before sign-in: nothing of the page that needs it is shown then. */
export function currentApi(): Api {
  if (api === null) throw new SignedOutError('Sign in first.');
  return api;
}

const listeners = new Set<(message: LiveMessage) => void>();

/** Hears the live feed. Returns the end of it. */
export function onLive(listener: (message: LiveMessage) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Many messages, one redraw a frame. */
function changed(): void {
  if (redrawing) return;
  redrawing = true;
  requestAnimationFrame(() => {
    redrawing = false;
    revision.value++;
  });
}

export function signIn(text: string): void {
  key.value = text;
  sessionStorage.setItem('tidegate.key', text);
  signInError.value = null;
  api = createApi(text);
  endLive?.();
  endLive = openLive(text, hear, (up) => {
    if (up && !linked.value) void load();
    linked.value = up;
  });
  void load();
}

export function signOut(reason: string | null): void {
  endLive?.();
  sessionStorage.removeItem('tidegate.key');
  key.value = null;
  session.value = null;
  signInError.value = reason;
  devices.clear();
  values.clear();
  changed();
}

async function load(): Promise<void> {
  if (api === null) return;
  try {
    session.value = await api.session();
    models.value = new Map((await api.models()).map((model) => [model.name, model]));
    gateway.value = await api.gateway();
    const seen = new Set<string>();
    for await (const page of api.devices()) {
      for (const device of page) {
        devices.set(device.id, device);
        seen.add(device.id);
      }
      loading.value = false;
      changed();
    }
    for (const id of devices.keys()) if (!seen.has(id)) devices.delete(id);
    failure.value = null;
    changed();
  } catch (error) {
    fail(error as Error);
  }
}

export function fail(error: Error): void {
  if (error instanceof SignedOutError) signOut(error.message);
  else failure.value = error.message;
}

function hear(message: LiveMessage): void {
  for (const listener of listeners) listener(message);
  if (message.type === 'latest') {
    for (const [id, metrics] of Object.entries(message.changes)) {
      values.set(id, { ...values.get(id), ...(metrics as Values) });
      if (!devices.has(id)) void load();
    }
  } else if (message.type === 'presence') {
    const device = devices.get(message.device);
    if (device === undefined) void load();
    else devices.set(message.device, { ...device, presence: message.presence });
  } else if (message.type === 'rejected') {
    rejected.set(message.device, [message, ...rejectedOf(message.device)].slice(0, rejectedShownMax));
  } else return;
  changed();
}

export function select(id: string | null): void {
  selected.value = id;
  if (id === null || api === null) return;
  api.latest(id).then(({ metrics }) => {
    values.set(id, { ...(metrics as Values), ...values.get(id) });
    changed();
  }, fail);
}

/** The values that a row shows, once the row is on the screen. */
const asked = new Set<string>();
export function wantValues(id: string): void {
  if (api === null || values.has(id) || asked.has(id)) return;
  asked.add(id);
  api.latest(id).then(({ metrics }) => {
    values.set(id, { ...(metrics as Values), ...values.get(id) });
    changed();
  }, fail);
}

/** Once a second: ages move on, and the gateway's own figures come anew. */
export function tick(): void {
  now.value = Date.now();
  if (api === null || key.value === null || document.hidden) return;
  api.gateway().then((body) => {
    gateway.value = body;
    failure.value = null;
  }, fail);
}
