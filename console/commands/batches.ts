import { countOf, countText } from '../../schemas/display/numbers.js';
import { deviceLabel } from '../fleet/deviceName.js';
import { stateText } from '../parts/commandStates.js';

/** Whether a batch can still send: it runs, or it was stopped and can be resumed. */
export const isRunning = (state: string): boolean => state === 'running' || state === 'stopped';

/** The devices of a batch in words, such as `boiler` or `site=north`. */
export function targetText(target: Record<string, unknown>): string {
  if (target.all === true) return 'all devices';
  if (Array.isArray(target.ids))
    return target.ids.length === 1 ? deviceLabel(String(target.ids[0])) : countOf(target.ids.length, 'device');
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

/** A part of the bar with the number of its devices, and the states in it if their names say more, such as `2 expired, 1 timed out`. */
export interface BatchPart {
  tone: string;
  name: string;
  count: number;
  detail: string;
}

/** The parts of the bar with the number of devices in each. */
export function partsOf(counts: Record<string, number>): BatchPart[] {
  return batchParts.map(({ tone, name, states }) => {
    const present = states.filter((state) => (counts[state] ?? 0) > 0);
    const isPlain = present.length === 1 && present[0] === name;
    return {
      tone,
      name,
      count: present.reduce((sum, state) => sum + counts[state], 0),
      detail: isPlain ? '' : present.map((state) => `${countText(counts[state])} ${stateText(state)}`).join(', '),
    };
  });
}
