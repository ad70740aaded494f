import { closeNameOf } from '../../schemas/tables/closeCodes.js';

/** Why a link, or an attempt at one, ended. */
export type Ending =
  | { kind: 'close'; code: number; reason: string }
  | { kind: 'refused'; status: number; retryAfterSeconds: number | null }
  | { kind: 'failed'; cause: string };

const soonBaseMs = 500;
const soonMaxMs = 30_000;
const slowBaseMs = 300_000;
const slowMaxMs = 3_600_000;

/**
 * How long to wait before the next attempt (PROTOCOL.md, Close and reconnect): full jitter over a doubling span.
 * `failures` counts the attempts in a row, since a link last held; `random` is in [0, 1).
 */
export function reconnectDelayMs(ending: Ending, failures: number, random: () => number): number {
  const told = toldMs(ending);
  const [base, max] = comesBackSlowly(ending) ? [slowBaseMs, slowMaxMs] : [soonBaseMs, soonMaxMs];
  const span = Math.min(max, base * 2 ** Math.min(failures, 20));
  return told + Math.round(random() * span);
}

function comesBackSlowly(ending: Ending): boolean {
  if (ending.kind === 'refused') return ending.status === 400 || ending.status === 401 || ending.status === 403;
  return ending.kind === 'close' && ending.code >= 4100 && ending.code < 4200;
}

/** A few words, such as 'close 4001 overloaded', 'HTTP 401', 'ECONNREFUSED'. */
export function describeEnding(ending: Ending): string {
  switch (ending.kind) {
    case 'close':
      return ['close', ending.code, closeNameOf(ending.code)].filter((word) => word !== undefined).join(' ');
    case 'refused':
      return `HTTP ${ending.status}`;
    case 'failed':
      return ending.cause;
    default:
      return ending satisfies never;
  }
}

/** What the gateway said of the time, in ms; 0 where it said nothing. */
function toldMs(ending: Ending): number {
  if (ending.kind === 'refused') return Math.min((ending.retryAfterSeconds ?? 0) * 1000, slowMaxMs);
  if (ending.kind !== 'close' || !ending.reason.startsWith('{')) return 0;
  try {
    const { retryAfterMs } = JSON.parse(ending.reason) as { retryAfterMs?: unknown };
    return typeof retryAfterMs === 'number' && retryAfterMs > 0 ? Math.min(retryAfterMs, slowMaxMs) : 0;
  } catch {
    return 0;
  }
}
