import { limits } from '../../schemas/tables/limits.js';

/**
 * Whether a seq is new, a duplicate or invalid (PROTOCOL.md, Numbering).
 * `told`: the lastSeq that this link's welcome gave. `previous`: the link's highest good seq so far, or `told` if there is none.
 * `mark`: the stream's mark by now, with what is on its way to the disk (`pending`).
 */
export type SeqVerdict = 'unnumbered' | 'new' | 'duplicate' | 'at_or_below_last' | 'not_ascending' | 'jump';

export function judgeSeq(seq: number, told: number, previous: number, mark: number): SeqVerdict {
  if (seq === 0) return 'unnumbered';
  if (seq <= told) return 'at_or_below_last';
  if (seq <= previous) return 'not_ascending';
  if (seq > mark + limits.seqJumpMax) return 'jump';
  return seq <= mark ? 'duplicate' : 'new';
}

/** Why a seq was refused, for the device. */
export function seqFaultMessage(
  verdict: SeqVerdict,
  seq: number,
  told: number,
  previous: number,
  mark: number,
): string {
  if (verdict === 'at_or_below_last') return `seq ${seq} is not above lastSeq ${told} of the welcome`;
  if (verdict === 'not_ascending') return `seq ${seq} after ${previous}`;
  return `seq ${seq} is more than ${limits.seqJumpMax} above ${mark}`;
}
