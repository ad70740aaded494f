/** Why a link, or an attempt at one, ended. `code` is 1006 where there was no close frame. */
export type Ending =
  | { kind: 'closed'; code: number; reason: string }
  | { kind: 'refused'; status: number; retryAfterSeconds: number };

const soon = { baseMs: 500, maxMs: 30_000 };
const slowly = { baseMs: 300_000, maxMs: 3_600_000 };
const slowStatuses = new Set([400, 401, 403]);
/** A gateway that asks for more is not believed. */
const toldMaxMs = 3_600_000;

/** The delay before the next attempt, in ms; `failures` in a row before this one; `random` in [0, 1). */
export function reconnectDelayMs(ending: Ending, failures: number, random: () => number): number {
  const { baseMs, maxMs } = comesBackSlowly(ending) ? slowly : soon;
  const span = Math.min(maxMs, baseMs * 2 ** Math.min(failures, 20));
  return toldMs(ending) + Math.floor(random() * span);
}

function comesBackSlowly(ending: Ending): boolean {
  if (ending.kind === 'refused') return slowStatuses.has(ending.status);
  return ending.code >= 4100 && ending.code < 4200;
}

/** What the gateway said of the time, 0 where it said nothing. */
function toldMs(ending: Ending): number {
  const told = ending.kind === 'refused' ? ending.retryAfterSeconds * 1000 : retryAfterMs(ending.reason);
  return Math.min(Math.max(0, told), toldMaxMs);
}

function retryAfterMs(reason: string): number {
  try {
    const told = (JSON.parse(reason) as { retryAfterMs?: unknown } | null)?.retryAfterMs;
    return typeof told === 'number' ? Math.ceil(told) : 0;
  } catch {
    return 0;
  }
}
