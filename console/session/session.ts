/**
 * Who is signed in, and the gateway that the page shows: its API, its live feed, and the figures that every page uses. session/ is
 * the only folder that talks to the gateway. What one page or one subject knows (devices, commands) belongs to its folder.
 */

import { computed, signal } from '@preact/signals';
import type { GatewayBody, LiveMessage, ModelItem, SessionBody } from '../../schemas/generated/operator.js';
import { allows } from '../../schemas/tables/roles.js';
import { type Api, createApi, RefusedError, SignedOutError } from './api.js';
import { createFeed, type Feed, type Wanted } from './feed.js';
import { endOtherTabs, forgetKey, keepKey, shareKey } from './keptKey.js';

/** The operator key; null until someone signs in. */
export const key = signal<string | null>(null);
/** Why the sign-in failed, or why the session ended; null: it did neither. */
export const signInError = signal<string | null>(null);
/** The name and role of the key; null until the gateway has accepted it. */
export const session = signal<SessionBody | null>(null);
/** The models of the gateway, by name. */
export const models = signal<ReadonlyMap<string, ModelItem>>(new Map());
/** The newest state and figures of the gateway; null until they were read once. */
export const gateway = signal<GatewayBody | null>(null);
/** The gateway's figures of the last 150 s, one item per second, oldest first. */
export const figures = signal<GatewayBody[]>([]);
/** True while the live feed is connected. */
export const linked = signal(false);
/** Why the live feed does not connect, as a sentence; null: it is connected, or nobody knows. */
export const noLink = signal<string | null>(null);
/** How many samples the gateway left out because this page read too slowly. */
export const missed = signal(0);
/** What failed when the gateway was asked last, as a sentence; null: nothing. */
export const failure = signal<string | null>(null);
/** Why the gateway refused what the operator asked for last, in sentences, until the operator dismisses it; null: nothing was refused. */
export const refusal = signal<string | null>(null);
/** The browser's clock, Unix ms, once per second. Ages on the page are counted from it. */
export const now = signal(Date.now());

const figuresKept = 150;

/** Whether the key may do what needs this role. */
export const may = (role: 'operator' | 'admin'): boolean => session.value !== null && allows(session.value.role, role);

/** True once the gateway has accepted the key. */
export const ready = computed(() => session.value !== null);

let api: Api | null = null;
let feed: Feed | null = null;
const listeners = new Set<(message: LiveMessage) => void>();

/** The API of the session. Throws SignedOutError before sign-in; nothing that calls it is shown then. */
export function currentApi(): Api {
  if (api === null) throw new SignedOutError('Sign in first.');
  return api;
}

/** Calls the listener with every message of the live feed, until the returned function is called. */
export function onLive(listener: (message: LiveMessage) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Asks the live feed for something under a name, until the returned function is called. */
export function want(id: string, what: Wanted): () => void {
  feed?.subscribe(id, what);
  return () => feed?.unsubscribe(id);
}

/**
 * Signs in with a key, and opens the live feed. While the gateway does not answer it retries every 2 s. With `onComputer` the browser keeps
 * the key after it is closed.
 */
export async function signIn(text: string, onComputer = false): Promise<void> {
  signInError.value = null;
  api = createApi(text);
  key.value = text;
  keepKey(text, onComputer);
  try {
    const [who, list, how] = await Promise.all([api.session(), api.models(), api.gateway()]);
    if (key.value !== text) return;
    models.value = new Map(list.map((model) => [model.name, model]));
    gateway.value = how;
    failure.value = null;
    feed?.close();
    feed = createFeed(text, hear, (up, why) => {
      linked.value = up;
      // Between two attempts the last reason stays.
      if (up || why !== null) noLink.value = why;
    });
    session.value = who;
  } catch (error) {
    unanswered(error as Error);
    if (key.value === text) setTimeout(() => key.value === text && session.value === null && void signIn(text), 2_000);
  }
}

/** Forgets the key in every tab. */
export function signOutEverywhere(): void {
  signOut(null);
  endOtherTabs();
}

/** Forgets the key and closes the live feed. The form shows the reason, if there is one. */
function signOut(reason: string | null): void {
  feed?.close();
  feed = null;
  api = null;
  forgetKey(key.value);
  key.value = null;
  session.value = null;
  signInError.value = reason;
  refusal.value = null;
  noLink.value = null;
}

/** Shows the error of an operator's request in the notice of the page. A key that is not accepted ends the session. */
export function fail(error: Error): void {
  if (error instanceof RefusedError) refusal.value = error.message;
  else unanswered(error);
}

/** For requests that are repeated until they succeed. */
function unanswered(error: Error): void {
  if (error instanceof SignedOutError) signOut(error.message);
  else failure.value = error instanceof TypeError ? 'The gateway does not answer.' : error.message;
}

shareKey(
  // A key that the gateway has not accepted yet is not passed on.
  () => (session.value === null ? null : key.value),
  () => signOut(null),
);

function hear(message: LiveMessage): void {
  if (message.type === 'dropped') missed.value += message.samples;
  for (const listener of listeners) listener(message);
}

/** Runs once per second: moves `now`, and reads the gateway's figures if the page is visible. */
export function tick(): void {
  now.value = Date.now();
  if (api === null || session.value === null || document.hidden) return;
  api.gateway().then((body) => {
    gateway.value = body;
    figures.value = [...figures.value.slice(1 - figuresKept), body];
    failure.value = null;
  }, unanswered);
}
