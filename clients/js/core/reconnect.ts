/**
 * Why a link, or an attempt to open one, ended. `closed` has code 1006 if there was no close frame. `failed` is for sockets that
 * can say why no connection was made, such as ECONNREFUSED.
 */
export type Ending =
  | { kind: 'closed'; code: number; reason: string }
  | { kind: 'refused'; status: number; retryAfterSeconds: number }
  | { kind: 'failed'; cause: string };

/** The ending of a link without a close frame. */
export const lostLink: Ending = { kind: 'closed', code: 1006, reason: '' };

const soon = { spanMs: 500, spanMaxMs: 30_000 };
const slowly = { spanMs: 300_000, spanMaxMs: 3_600_000 };
const slowStatuses: readonly number[] = [400, 401, 403];
/** A gateway that asks for a longer wait is not believed. */
const askedMaxMs = 3_600_000;
/** 2^20 times the first span is beyond every maximum. */
const doublingsMax = 20;

/** Computes the wait before an attempt; see `reconnectDelayMs`. */
export type ReconnectDelay = (ending: Ending, failures: number, random: () => number) => number;

/**
 * The wait before the next attempt, in ms: first the time that the gateway asked for, then a random part of a
 * span that doubles with each failure in a row. `failures` counts those before this one; `random` returns a number in [0, 1).
 */
export function reconnectDelayMs(ending: Ending, failures: number, random: () => number): number {
  const { spanMs, spanMaxMs } = comesBackSlowly(ending) ? slowly : soon;
  const span = Math.min(spanMaxMs, spanMs * 2 ** Math.min(failures, doublingsMax));
  return askedMs(ending) + Math.floor(random() * span);
}

function comesBackSlowly(ending: Ending): boolean {
  if (ending.kind === 'refused') return slowStatuses.includes(ending.status);
  return ending.kind === 'closed' && ending.code >= 4100 && ending.code < 4200;
}

/** The wait that the gateway asked for; 0 if it asked for none. */
function askedMs(ending: Ending): number {
  if (ending.kind === 'failed') return 0;
  const ms = ending.kind === 'refused' ? ending.retryAfterSeconds * 1000 : retryAfterMsIn(ending.reason);
  return Math.min(Math.max(0, ms), askedMaxMs);
}

function retryAfterMsIn(reason: string): number {
  try {
    const fields: unknown = JSON.parse(reason);
    const ms = typeof fields === 'object' && fields !== null && 'retryAfterMs' in fields ? fields.retryAfterMs : 0;
    return typeof ms === 'number' ? Math.ceil(ms) : 0;
  } catch {
    return 0;
  }
}
