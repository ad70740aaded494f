import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Lets other threads go before this one: 0 (as before) to 19 (setpriority(2), which on Linux takes a thread). Elsewhere, and where
 * /proc cannot be read, nothing is done: it is a courtesy.
 */
export function yieldToOthers(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').pop()), nice);
  } catch {
    // Threads are as important as each other.
  }
}
