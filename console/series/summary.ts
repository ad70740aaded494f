import { gapIntervals } from '../chart/points.js';
import type { View } from './view.js';

/** What the drawn series are made of, and what counts as a gap, as a sentence. */
export function summaryText(views: readonly View[]): string {
  const stored = views.flatMap(({ read }) => (read.stored === null ? [] : [read.stored]));
  if (stored.length < views.length && views.some(({ read }) => read.trouble === null && read.stored === null))
    return 'Loading…';
  const isEmpty = views.every((view) => (view.kind === 'line' ? view.summary === null : view.runs.length === 0));
  if (isEmpty) return 'No data in this time range. Choose a longer one.';
  const widths = [...new Set(stored.map(({ bucket }) => bucket?.every ?? ''))].sort();
  const made = widths.map((every) => (every === '' ? 'single readings' : bucketText(every, views))).join('; ');
  const gaps = views.reduce((sum, view) => sum + (view.kind === 'line' ? (view.summary?.gaps ?? 0) : 0), 0);
  const gapText =
    gaps === 0 ? '' : ` ${gaps === 1 ? '1 gap' : `${gaps} gaps`} (longer than ${gapIntervals} usual intervals).`;
  return `Shows ${made}.${gapText}`;
}

function bucketText(every: string, views: readonly View[]): string {
  const parts = [];
  if (views.some(({ kind }) => kind === 'line')) parts.push(`the mean per ${every}, and the band from min to max`);
  if (views.some(({ kind }) => kind === 'lane'))
    parts.push(`the first and the last state per ${every}, without shorter changes`);
  return parts.join('; ');
}
