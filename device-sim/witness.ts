/** What became of a frame, as its device knows it. A frame that never left was refused by a full buffer. */
export const frameStates = ['none', 'sent', 'acked', 'nacked'] as const;
export type FrameState = (typeof frameStates)[number];

export type Witness = ReturnType<typeof createWitness>;

/**
 * A device's own log: what it was told of each frame. Frames are due at even intervals and their readings follow from that time,
 * so a byte a frame is enough to tell, days later, every reading that the gateway must hold.
 */
export function createWitness(firstDueAt: number, intervalMs: number) {
  let states = new Uint8Array(64);
  let end = 0;

  function grow(length: number): void {
    const larger = new Uint8Array(length);
    larger.set(states);
    states = larger;
  }

  return {
    note(dueAt: number, state: FrameState): void {
      const at = (dueAt - firstDueAt) / intervalMs;
      if (!Number.isInteger(at) || at < 0) throw new RangeError(`no frame is due at ${dueAt}`);
      if (at >= states.length) grow(2 * Math.max(at, states.length));
      states[at] = frameStates.indexOf(state);
      end = Math.max(end, at + 1);
    },

    /** Ascending by time, without those that never left. */
    *frames(): Generator<{ dueAt: number; state: FrameState }> {
      for (let at = 0; at < end; at++) {
        if (states[at] !== 0) yield { dueAt: firstDueAt + at * intervalMs, state: frameStates[states[at]] };
      }
    },
  };
}
