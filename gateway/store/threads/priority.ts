import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Gives other threads priority over this one. `nice` is 0 (no change) to 19 (setpriority(2), which on Linux takes a thread). On
 * other systems, and if /proc cannot be read, it does nothing, because the store works without it.
 */
export function yieldToOthers(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').pop()), nice);
  } catch {
    // All threads keep the same priority.
  }
}
