export const isRunning = (state: string): boolean => state === 'running' || state === 'stopped';

/** Which devices a batch means, in words. */
export function targetText(target: Record<string, unknown>): string {
  if (target.all === true) return 'all';
  if (Array.isArray(target.ids)) return target.ids.length === 1 ? String(target.ids[0]) : `${target.ids.length} ids`;
  const tags = Object.entries((target.tags ?? {}) as Record<string, string>).map(([name, value]) => `${name}=${value}`);
  return [target.model as string | undefined, ...tags].filter(Boolean).join(', ');
}

/** How the states of a batch's devices are gathered into a bar. */
export const batchParts: { tone: string; name: string; states: string[] }[] = [
  { tone: 'good', name: 'succeeded', states: ['succeeded'] },
  { tone: 'bad', name: 'failed', states: ['failed', 'rejected', 'timed_out', 'expired', 'refused'] },
  { tone: 'go', name: 'under way', states: ['sent', 'received', 'running'] },
  { tone: 'wait', name: 'queued', states: ['queued'] },
  { tone: 'off', name: 'not sent', states: ['waiting', 'cancelled', 'superseded', 'device_removed'] },
];

export function partsOf(counts: Record<string, number>): { tone: string; name: string; count: number }[] {
  return batchParts.map(({ tone, name, states }) => ({
    ...{ tone, name },
    count: states.reduce((sum, state) => sum + (counts[state] ?? 0), 0),
  }));
}
