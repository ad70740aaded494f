import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Lets other threads go before this one: 0 (as before) to 19 (setpriority(2), which on Linux takes a thread). Elsewhere nothing
 * is done.
 */
export function yieldToOthers(nice: number): void {
  if (process.platform !== 'linux') return;
  const thread = Number(readlinkSync('/proc/thread-self').split('/').pop());
  setPriority(thread, nice);
}
