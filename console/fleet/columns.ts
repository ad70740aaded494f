/** The columns of the list, and the views that were saved in this browser. The address holds what is shown; both only fill it in. */
import { computed, signal } from '@preact/signals';
import { param, query, setParams } from '../parts/router.js';
import { keptAs } from '../session/base.js';
import { models } from '../session/session.js';
import { seenMetrics } from './values.js';

/** A column: the latest value of a metric, or a tag. */
export interface Column {
  kind: 'metric' | 'tag';
  name: string;
}

export const columnsMax = 8;
const columnsKey = keptAs('tidegate.columns');
const viewsKey = keptAs('tidegate.views');

const textOf = (columns: Column[]): string =>
  columns.map(({ kind, name }) => `${kind === 'metric' ? 'm' : 't'}.${encodeURIComponent(name)}`).join(',');

function columnsIn(text: string): Column[] {
  const found = text.split(',').filter((item) => /^[mt]\.[^.]/.test(item));
  return found.slice(0, columnsMax).flatMap((item): Column[] => {
    try {
      return [{ kind: item.startsWith('m') ? 'metric' : 'tag', name: decodeURIComponent(item.slice(2)) }];
    } catch {
      return [];
    }
  });
}

/** The columns of the address, else those that this browser chose last. Null: none were chosen, so each row shows its first values. */
export const columns = computed((): Column[] | null => {
  const chosen = columnsIn(query.value.has('cols') ? param('cols') : (localStorage.getItem(columnsKey) ?? ''));
  return chosen.length === 0 ? null : chosen;
});

/** Adds or removes a column, in the address and in this browser. */
export function toggleColumn(column: Column): void {
  const before = columns.peek() ?? [];
  const rest = before.filter(({ kind, name }) => kind !== column.kind || name !== column.name);
  const next = textOf(rest.length < before.length ? rest : [...before, column].slice(0, columnsMax));
  localStorage.setItem(columnsKey, next);
  setParams({ cols: next });
}

/** The metrics that models declare or rows have shown, in order. */
export const metricNames = computed((): string[] => {
  const declared = [...models.value.values()].flatMap(({ metrics }) => metrics.map(({ name }) => name));
  return [...new Set([...declared, ...seenMetrics.value])].sort();
});

/** A name for a query of the list's address. */
export interface View {
  name: string;
  query: string;
}

const viewsMax = 50;

/** The saved views in order of their names. What another program has written into the storage counts as none. */
export const views = signal<View[]>(readViews());

function readViews(): View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(viewsKey) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept.filter((view) => typeof view?.name === 'string' && typeof view?.query === 'string').slice(0, viewsMax);
  } catch {
    return [];
  }
}

function keepViews(next: View[]): void {
  views.value = next.sort((a, b) => a.name.localeCompare(b.name)).slice(0, viewsMax);
  localStorage.setItem(viewsKey, JSON.stringify(views.value));
}

/** Saves filters, sorting and columns of the address under a name. A view of that name is replaced. */
export function saveView(name: string): void {
  const kept = new URLSearchParams(query.peek());
  const chosen = columns.peek();
  if (chosen !== null) kept.set('cols', textOf(chosen));
  keepViews([...views.peek().filter((view) => view.name !== name), { name, query: kept.toString() }]);
}

export const removeView = (name: string): void => keepViews(views.peek().filter((view) => view.name !== name));
