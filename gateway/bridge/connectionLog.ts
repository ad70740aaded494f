import type { Logger } from 'pino';
import type { ConnectionChange } from './calls.js';

/** A connection that comes and goes is logged no more often than this. */
const logEveryMs = 1_000;

/** Logs changes of the connection to the broker at `url`. A line says how many changes before it were not logged. */
export function createConnectionLog(log: Logger, url: string, now: () => number): (change: ConnectionChange) => void {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let suppressed = 0;

  return ({ connected, why, retryMs }) => {
    const at = now();
    if (at - loggedAt < logEveryMs) {
      suppressed++;
      return;
    }
    const more = suppressed > 0 ? { notLogged: suppressed } : {};
    loggedAt = at;
    suppressed = 0;
    if (connected && why === null) log.info({ broker: url, ...more }, 'bridge connected');
    else log.warn({ broker: url, why, retryMs, ...more }, connected ? 'bridge hindered' : 'bridge not connected');
  };
}
