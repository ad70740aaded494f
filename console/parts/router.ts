import { signal } from '@preact/signals';
import { addressOf, pathIn } from '../session/base.js';

/** The path of the page, as the gateway has it. The address holds the state of the page, so that a copied link shows the same. */
export const path = signal(pathIn(location.pathname));
/** The query of the address: the filters of the page. */
export const query = signal(new URLSearchParams(location.search));

/** Opens another page of the console, as a new step of the browser's history. */
export function go(to: string): void {
  const url = new URL(addressOf(to), location.href);
  if (url.href === location.href || !mayLeave()) return;
  history.pushState(null, '', url);
  arrive();
  window.scrollTo(0, 0);
}

/** One filter of the page; the empty text if it is not set. */
export const param = (name: string): string => query.value.get(name) ?? '';

/** Changes filters without a new step in the history, so that the Back button leaves the page and does not undo letter by letter. An empty text removes a filter. */
export function setParams(changes: Record<string, string>): void {
  // Another tab of the page takes its place.
  if ('tab' in changes && !mayLeave()) return;
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') next.delete(name);
    else next.set(name, value);
  }
  replaceQuery(next);
}

/** Changes a filter that may have several values, as `setParams` does. */
export function setAll(name: string, values: readonly string[]): void {
  const next = new URLSearchParams(query.value);
  next.delete(name);
  for (const value of values) next.append(name, value);
  replaceQuery(next);
}

function replaceQuery(next: URLSearchParams): void {
  const text = next.toString();
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`));
  shown = location.href;
  query.value = next;
}

let question: string | null = null;
const unloading = (event: BeforeUnloadEvent): void => event.preventDefault();

/** Asks this question before the page is left, until the returned function is called: what it shows cannot be shown again. */
export function askBeforeLeaving(text: string): () => void {
  question = text;
  addEventListener('beforeunload', unloading);
  return () => {
    question = null;
    removeEventListener('beforeunload', unloading);
  };
}

/** Whether the page may be left, which asks the user if something would be lost. */
export const mayLeave = (): boolean => question === null || confirm(question);

let shown = location.href;
function arriveByHistory(): void {
  // The browser has gone back already: stay by a new step to the page that is shown.
  if (mayLeave()) arrive();
  else history.pushState(null, '', shown);
}

function arrive(): void {
  shown = location.href;
  query.value = new URLSearchParams(location.search);
  path.value = pathIn(location.pathname);
}
window.addEventListener('popstate', arriveByHistory);

/** The path of a device's page. */
export const devicePath = (id: string): string => `/devices/${encodeURIComponent(id)}`;

/** The id of the device whose page has this path; null for any other page. */
export function deviceInPath(at: string): string | null {
  const [, id] = /^\/devices\/([^/]+)$/.exec(at) ?? [];
  return id === undefined ? null : decodeURIComponent(id);
}
