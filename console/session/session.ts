import { computed, signal } from '@preact/signals';
import type { GatewayBody, LiveMessage, ModelItem, SessionBody } from '../../schemas/generated/operator.js';
import { type Api, createApi, SignedOutError } from './api.js';
import { createFeed, type Feed, type Wanted } from './feed.js';

/** Who looks at the page, and the gateway that it looks at. */
export const key = signal<string | null>(null);
export const signInError = signal<string | null>(null);
/** Whose key it is; null until the gateway has said so. */
export const session = signal<SessionBody | null>(null);
export const models = signal<ReadonlyMap<string, ModelItem>>(new Map());
export const gateway = signal<GatewayBody | null>(null);
/** The gateway's figures of the last minutes, one a second. */
export const figures = signal<GatewayBody[]>([]);
export const linked = signal(false);
/** Samples that the gateway left out, since this page read too slowly. */
export const missed = signal(0);
export const failure = signal<string | null>(null);
export const now = signal(Date.now());

const figuresKept = 150;
const roles = ['viewer', 'operator', 'admin'];

/** The key may do what needs this role. */
export const may = (role: 'operator' | 'admin'): boolean =>
  session.value !== null && roles.indexOf(session.value.role) >= roles.indexOf(role);

export const ready = computed(() => session.value !== null);

let api: Api | null = null;
let feed: Feed | null = null;
const listeners = new Set<(message: LiveMessage) => void>();

/** Throws before sign-in: nothing of the page that needs it is shown then. */
export function currentApi(): Api {
  if (api === null) throw new SignedOutError('Sign in first.');
  return api;
}

/** Hears the live feed. Returns the end of it. */
export function onLive(listener: (message: LiveMessage) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Asks the live feed for something under a name, until the end that is returned is called. */
export function want(id: string, what: Wanted): () => void {
  feed?.subscribe(id, what);
  return () => feed?.unsubscribe(id);
}

export async function signIn(text: string): Promise<void> {
  signInError.value = null;
  api = createApi(text);
  key.value = text;
  sessionStorage.setItem('tidegate.key', text);
  try {
    const [who, list, how] = await Promise.all([api.session(), api.models(), api.gateway()]);
    if (key.value !== text) return;
    models.value = new Map(list.map((model) => [model.name, model]));
    gateway.value = how;
    failure.value = null;
    feed?.close();
    feed = createFeed(text, hear, (up) => {
      linked.value = up;
    });
    session.value = who;
  } catch (error) {
    fail(error as Error);
    if (key.value === text) setTimeout(() => key.value === text && session.value === null && void signIn(text), 2_000);
  }
}

export function signOut(reason: string | null): void {
  feed?.close();
  feed = null;
  api = null;
  sessionStorage.removeItem('tidegate.key');
  key.value = null;
  session.value = null;
  signInError.value = reason;
}

export function fail(error: Error): void {
  if (error instanceof SignedOutError) signOut(error.message);
  else failure.value = error instanceof TypeError ? 'The gateway does not answer.' : error.message;
}

function hear(message: LiveMessage): void {
  if (message.type === 'dropped') missed.value += message.samples;
  for (const listener of listeners) listener(message);
}

/** Once a second: ages move on, and the gateway's own figures come anew. */
export function tick(): void {
  now.value = Date.now();
  if (api === null || session.value === null || document.hidden) return;
  api.gateway().then((body) => {
    gateway.value = body;
    figures.value = [...figures.value.slice(1 - figuresKept), body];
    failure.value = null;
  }, fail);
}
