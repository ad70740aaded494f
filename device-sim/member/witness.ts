import type { Pace, Part } from '../fleet/plan.js';

/** What became of a frame, as its device knows it. A frame that never left was refused by a full buffer. */
export const frameStates = ['none', 'sent', 'acked', 'nacked'] as const;
export type FrameState = (typeof frameStates)[number];

export interface WitnessedFrame {
  dueAt: number;
  pace: Pace;
  state: FrameState;
}

export type Witness = ReturnType<typeof createWitness>;

/** Frames that came at one pace. */
interface Stretch {
  firstDueAt: number;
  pace: Pace;
  states: Record<Part, Uint8Array>;
  end: number;
}

/**
 * A device's own log: what it was told of each frame. Frames are due at even intervals as long as the pace is the same, and their
 * readings follow from that time, so a byte a frame is enough to tell, days later, every reading that the gateway must hold.
 */
export function createWitness(firstDueAt: number, pace: Pace) {
  const stretches: Stretch[] = [stretchOf(firstDueAt, pace)];

  function stretchAt(dueAt: number): Stretch {
    for (let i = stretches.length - 1; i >= 0; i--) if (stretches[i].firstDueAt <= dueAt) return stretches[i];
    throw new RangeError(`no frame is due at ${dueAt}`);
  }

  return {
    /** Frames from here on, which must be after all before, come at that pace. */
    change(nextDueAt: number, next: Pace): void {
      if (stretches[stretches.length - 1].end === 0) stretches.pop();
      stretches.push(stretchOf(nextDueAt, next));
    },

    note(part: Part, dueAt: number, state: FrameState): void {
      const stretch = stretchAt(dueAt);
      const at = (dueAt - stretch.firstDueAt) / stretch.pace.intervalMs;
      if (!Number.isInteger(at)) throw new RangeError(`no frame is due at ${dueAt}`);
      if (at >= stretch.states[part].length) grow(stretch, part, Math.max(64, 2 * at));
      stretch.states[part][at] = frameStates.indexOf(state);
      stretch.end = Math.max(stretch.end, at + 1);
    },

    /** Ascending by time, without those that never left. */
    *frames(part: Part): Generator<WitnessedFrame> {
      for (const { firstDueAt: first, pace: held, states, end } of stretches) {
        for (let at = 0; at < end; at++) {
          const state = states[part][at] ?? 0;
          if (state !== 0) yield { dueAt: first + at * held.intervalMs, pace: held, state: frameStates[state] };
        }
      }
    },
  };
}

function stretchOf(firstDueAt: number, pace: Pace): Stretch {
  return { firstDueAt, pace, states: { numeric: new Uint8Array(0), text: new Uint8Array(0) }, end: 0 };
}

function grow({ states }: Stretch, part: Part, length: number): void {
  const larger = new Uint8Array(length);
  larger.set(states[part]);
  states[part] = larger;
}
