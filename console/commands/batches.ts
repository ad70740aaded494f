/** Whether a batch can still send: it runs, or it was stopped and can be resumed. */
export const isRunning = (state: string): boolean => state === 'running' || state === 'stopped';

/** The devices of a batch in words, such as `boiler` or `site=north`. */
export function targetText(target: Record<string, unknown>): string {
  if (target.all === true) return 'all';
  if (Array.isArray(target.ids)) return target.ids.length === 1 ? String(target.ids[0]) : `${target.ids.length} ids`;
  const tags = Object.entries((target.tags ?? {}) as Record<string, string>).map(([name, value]) => `${name}=${value}`);
  return [target.model as string | undefined, ...tags].filter(Boolean).join(', ');
}

/** The parts of a batch's bar, each with the command states that it counts. */
export const batchParts: { tone: string; name: string; states: string[] }[] = [
  { tone: 'good', name: 'succeeded', states: ['succeeded'] },
  { tone: 'bad', name: 'failed', states: ['failed', 'rejected', 'timed_out', 'expired', 'refused'] },
  { tone: 'go', name: 'in progress', states: ['sent', 'received', 'running'] },
  { tone: 'wait', name: 'queued', states: ['queued'] },
  { tone: 'off', name: 'not sent', states: ['waiting', 'cancelled', 'superseded', 'device_removed'] },
];

/** The parts of the bar with the number of devices in each. */
export function partsOf(counts: Record<string, number>): { tone: string; name: string; count: number }[] {
  return batchParts.map(({ tone, name, states }) => ({
    tone,
    name,
    count: states.reduce((sum, state) => sum + (counts[state] ?? 0), 0),
  }));
}
