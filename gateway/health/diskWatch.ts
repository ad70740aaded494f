import type { Logger } from 'pino';
import { freeBytes } from '../store/writer/ballast.js';

const checkEveryMs = 5_000;

export interface DiskWatch {
  /** Checks the free space, at most every 5 s. `monotonic` in ms. */
  tick(monotonic: number): void;
  freeBytes(): number;
  isLow(): boolean;
}

/** Watches the free space of the data folder, and logs once when it gets low and once when it is no longer low. */
export function createDiskWatch(options: { folder: string; warnBytes: number; log: Logger }): DiskWatch {
  const { folder, warnBytes, log } = options;
  let free = freeBytes(folder);
  let low = false;
  let checkedAt = Number.NEGATIVE_INFINITY;

  return {
    tick(monotonic) {
      if (monotonic - checkedAt < checkEveryMs) return;
      checkedAt = monotonic;
      free = freeBytes(folder);
      const wasLow = low;
      low = free < warnBytes;
      const facts = { freeBytes: free, warnBytes, folder };
      if (low && !wasLow) log.warn(facts, 'disk space is low: make room, or shorten store.retentionDays');
      if (!low && wasLow) log.info(facts, 'disk space is no longer low');
    },
    freeBytes: () => free,
    isLow: () => low,
  };
}
