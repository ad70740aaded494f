import { countText } from '../../schemas/display/numbers.js';
import { stateText } from '../parts/commandStates.js';

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

/** How a batch looks: the word for its state, and its colour. A batch that is done is good only as far as its devices are. */
export function outcomeOf({ state, counts }: { state: string; counts: Record<string, number> }): {
  tone: string;
  word: string;
} {
  if (state === 'running' || state === 'stopped') return { tone: 'go', word: state };
  if (state !== 'done') return { tone: 'bad', word: state };
  const [succeeded, failed] = ['succeeded', 'failed'].map(
    (name) => partsOf(counts).find((part) => part.name === name)?.count ?? 0,
  );
  if (failed > 0) return { tone: 'bad', word: succeeded > 0 ? 'partly failed' : 'failed' };
  return succeeded > 0 ? { tone: 'good', word: 'done' } : { tone: 'off', word: 'not sent' };
}
