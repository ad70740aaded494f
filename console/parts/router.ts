import { signal } from '@preact/signals';

/** The path of the address. The address holds the state of the page, so that a copied link shows the same. */
export const path = signal(location.pathname);
/** The query of the address: the filters of the page. */
export const query = signal(new URLSearchParams(location.search));

/** Opens another page of the console, as a new step of the browser's history. */
export function go(to: string): void {
  const url = new URL(to, location.href);
  if (url.href === location.href) return;
  history.pushState(null, '', url);
  arrive();
  window.scrollTo(0, 0);
}

/** One filter of the page; the empty text if it is not set. */
export const param = (name: string): string => query.value.get(name) ?? '';

/** Changes filters without a new step in the history, so that the Back button leaves the page and does not undo letter by letter. An empty text removes a filter. */
export function setParams(changes: Record<string, string>): void {
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
  query.value = next;
}

function arrive(): void {
  query.value = new URLSearchParams(location.search);
  path.value = location.pathname;
}
window.addEventListener('popstate', arrive);

/** The path of a device's page. */
export const devicePath = (id: string): string => `/devices/${encodeURIComponent(id)}`;

/** The id of the device whose page has this path; null for any other page. */
export function deviceInPath(at: string): string | null {
  const [, id] = /^\/devices\/([^/]+)$/.exec(at) ?? [];
  return id === undefined ? null : decodeURIComponent(id);
}
