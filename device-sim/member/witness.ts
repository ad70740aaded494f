import type { Pace, Part } from '../fleet/plan.js';

/** The states of a frame, as its device knows them. `none`: a full buffer refused it. */
export const frameStates = ['none', 'sent', 'acked', 'nacked'] as const;
/** The state of a frame. */
export type FrameState = (typeof frameStates)[number];

/** One frame of a device's record. */
export interface WitnessedFrame {
  /** Unix ms. */
  dueAt: number;
  pace: Pace;
  state: FrameState;
}

/** A device's own record of its frames. Frames are due at even intervals while the pace stays the same. */
export interface Witness {
  /** Frames from this time on have another pace. The time must be after all frames so far. */
  change(nextDueAt: number, next: Pace): void;
  /** Notes the state of a frame. Throws RangeError if no frame is due at this time. */
  note(part: Part, dueAt: number, state: FrameState): void;
  /** The frames, ascending by time, without those that a full buffer refused. */
  frames(part: Part): Generator<WitnessedFrame>;
}

/** The frames of one pace. */
interface Stretch {
  firstDueAt: number;
  pace: Pace;
  states: Record<Part, Uint8Array>;
  end: number;
}

/**
 * A record of one byte per frame. The readings of a frame follow from its time and pace, so this is enough to compute, days later,
 * every reading that the gateway must have.
 */
export function createWitness(firstDueAt: number, pace: Pace): Witness {
  const stretches: Stretch[] = [stretchOf(firstDueAt, pace)];

  function stretchAt(dueAt: number): Stretch {
    for (let i = stretches.length - 1; i >= 0; i--) if (stretches[i].firstDueAt <= dueAt) return stretches[i];
    throw new RangeError(`no frame is due at ${dueAt}`);
  }

  return {
    change(nextDueAt, next) {
      if (stretches[stretches.length - 1].end === 0) stretches.pop();
      stretches.push(stretchOf(nextDueAt, next));
    },

    note(part, dueAt, state) {
      const stretch = stretchAt(dueAt);
      const at = (dueAt - stretch.firstDueAt) / stretch.pace.intervalMs;
      if (!Number.isInteger(at)) throw new RangeError(`no frame is due at ${dueAt}`);
      if (at >= stretch.states[part].length) grow(stretch, part, Math.max(64, 2 * at));
      stretch.states[part][at] = frameStates.indexOf(state);
      stretch.end = Math.max(stretch.end, at + 1);
    },

    *frames(part) {
      for (const { firstDueAt: first, pace: ofStretch, states, end } of stretches) {
        for (let at = 0; at < end; at++) {
          const state = states[part][at] ?? 0;
          if (state !== 0)
            yield { dueAt: first + at * ofStretch.intervalMs, pace: ofStretch, state: frameStates[state] };
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
