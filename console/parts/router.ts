import { signal } from '@preact/signals';

/** Where the page is: its path, and the filters in its query. The address is the state, so that it can be passed on. */
export const path = signal(location.pathname);
export const query = signal(new URLSearchParams(location.search));

export function go(to: string): void {
  const url = new URL(to, location.href);
  if (url.href === location.href) return;
  history.pushState(null, '', url);
  arrive();
  window.scrollTo(0, 0);
}

/** One filter of the page; empty where it is not set. */
export const param = (name: string): string => query.value.get(name) ?? '';

/** Changes filters in place: going back leaves the page, not each letter of a search. */
export function setParams(changes: Record<string, string>): void {
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`));
  query.value = next;
}

function arrive(): void {
  query.value = new URLSearchParams(location.search);
  path.value = location.pathname;
}
window.addEventListener('popstate', arrive);

export const devicePath = (id: string): string => `/devices/${encodeURIComponent(id)}`;

/** The device that the path names; null: another page. */
export function deviceInPath(at: string): string | null {
  const [, id] = /^\/devices\/([^/]+)$/.exec(at) ?? [];
  return id === undefined ? null : decodeURIComponent(id);
}
