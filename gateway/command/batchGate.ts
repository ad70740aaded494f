import type { BatchGate } from './dispatcher.js';
import type { RunningBatch } from './runningBatch.js';

export interface ReleasingGate extends BatchGate {
  /** Dispatches the devices that the batch held back, as far as it has room. */
  release(running: RunningBatch): void;
}

/** Bounds how many commands of each batch are under way. `dispatchTo` sends a device what it may be sent now. */
export function createBatchGate(
  running: ReadonlyMap<string, RunningBatch>,
  dispatchTo: (deviceKey: number) => void,
): ReleasingGate {
  function release(batch: RunningBatch): void {
    for (const deviceKey of batch.held) {
      if (!batch.hasRoom) return;
      batch.held.delete(deviceKey);
      dispatchTo(deviceKey);
    }
  }

  return {
    exists: (id) => running.has(id),
    runs: (id) => running.get(id)?.runs ?? false,

    take(id, deviceKey) {
      const batch = running.get(id);
      if (batch === undefined) return false;
      if (batch.hasRoom) {
        batch.underWay++;
        return true;
      }
      batch.held.add(deviceKey);
      return false;
    },

    hold(id, deviceKey) {
      running.get(id)?.held.add(deviceKey);
    },

    give(id) {
      const batch = running.get(id);
      if (batch === undefined) return;
      batch.underWay--;
      release(batch);
    },

    release,
  };
}
