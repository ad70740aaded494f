import type { Measure, Threshold } from '../fleet/threshold.js';
import type { FleetResult } from '../run/result.js';

/** Reads a measured value from a result. NaN: it was not measured. */
type Reader = (result: FleetResult) => number;

const seconds = ({ elapsedMs }: FleetResult): number => Math.max(0.001, elapsedMs / 1000);

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/**
 * A percentile of the ack latency. Without an ack there is none. A frame without an answer is slower than any other, so if there are too many of
 * them, the percentile is infinite.
 */
const ofAcks =
  (percent: number, read: Reader): Reader =>
  (result) => {
    const { framesAcked, framesUnacked } = result;
    if (framesAcked === 0) return Number.NaN;
    const isUnanswered = framesUnacked * 100 > (100 - percent) * (framesAcked + framesUnacked);
    return isUnanswered ? Number.POSITIVE_INFINITY : read(result);
  };

const readers = {
  ackP50Ms: ofAcks(50, ({ ackP50Ms }) => ackP50Ms),
  ackP90Ms: ofAcks(90, ({ ackP90Ms }) => ackP90Ms),
  ackP99Ms: ofAcks(99, ({ ackP99Ms }) => ackP99Ms),
  ackMaxMs: ofAcks(100, ({ ackMaxMs }) => ackMaxMs),
  lateP99Ms: ({ lateP99Ms }) => lateP99Ms,
  framesSent: ({ framesSent }) => framesSent,
  framesAcked: ({ framesAcked }) => framesAcked,
  framesNacked: ({ framesNacked }) => framesNacked,
  framesDropped: ({ framesDropped }) => framesDropped,
  framesUnacked: ({ framesUnacked }) => framesUnacked,
  framesPerSecond: (result) => result.framesAcked / seconds(result),
  readingsPerSecond: (result) => result.readingsAcked / seconds(result),
  linksLost: ({ linksLost }) => linksLost,
  connected: ({ connected }) => connected,
  errors: ({ errors }) => sum(errors),
  gatewayMemoryMiB({ samples }) {
    const seen = samples.flatMap(({ gateway }) => (gateway === null ? [] : [gateway.residentBytes / 2 ** 20]));
    return seen.length === 0 ? Number.NaN : Math.max(...seen);
  },
  lost: ({ verdict }) => verdict?.lost ?? Number.NaN,
  duplicated: ({ verdict }) => verdict?.duplicated ?? Number.NaN,
  altered: ({ verdict }) => verdict?.altered ?? Number.NaN,
  invented: ({ verdict }) => verdict?.invented ?? Number.NaN,
  misordered: ({ verdict }) => verdict?.misordered ?? Number.NaN,
  commandP50Ms: ({ commands }) => commands?.doneP50Ms ?? Number.NaN,
  commandP99Ms: ({ commands }) => commands?.doneP99Ms ?? Number.NaN,
  commandsWrong: ({ commands }) =>
    commands === null
      ? Number.NaN
      : commands.further + commands.twice + commands.denied + commands.stuck + commands.unknown,
} satisfies Record<Measure, Reader>;

/** A threshold, with what was measured. */
export interface Check {
  text: string;
  /** NaN: it was not measured. */
  value: number;
  passed: boolean;
}

/** A value that was not measured meets no threshold. */
export function checksOf(thresholds: readonly Threshold[], result: FleetResult): Check[] {
  return thresholds.map(({ text, name, holds }) => {
    const value = readers[name](result);
    return { text, value, passed: holds(value) };
  });
}
