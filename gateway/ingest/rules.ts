import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Series, SeriesKind } from '../domain/series.js';
import type { Source } from './source.js';

/** The times of the frame that is being taken in. Ingest has one such record and writes it for each frame. */
export interface FrameTimes {
  /** When the frame was received, Unix ms. */
  receivedAt: number;
  /**
   * Times that the gateway makes up may be as late as this, so that they stay apart (ages.ts). Null for a frame that an operator
   * admits: its times are not moved, so that it is stored once, however often it is admitted.
   */
  madeUpMax: number | null;
  /** The latest time that was made up for the frame; 0 if none was. */
  madeUpLast: number;
  /** Readings before this are refused, Unix ms. */
  timeMin: number;
  /** Readings after this are refused, Unix ms. */
  timeMax: number;
}

/**
 * What became of a frame: null if its readings are in the batch. `crowded`: it needs times that are too far ahead of the clock, so
 * the device must wait.
 */
export type Taken = TimedFault | 'crowded' | null;

/** A fault; with `aheadMs` the time is that far ahead of the clock. */
export type TimedFault = Fault & { aheadMs?: number };

/** What holds for the series of all devices. */
export interface SeriesRules {
  /** How many series a device may have. A reload may change it. */
  seriesMax: number;
  /** Makes the series for a first reading and returns its id. */
  createSeries(source: Source, metric: string, unit: string | null, kind: SeriesKind): number;
  /** Times of the series that were stored before the gateway started, as far as made-up ones may meet them. */
  usedBefore(series: Series): Iterable<number>;
  /** So many values were outside their range and are stored. */
  outOfRange(count: number): void;
}

/** The message of value_out_of_range. A bound that the model does not have is infinite. */
export function outOfRange(metric: string, value: number, { min, max }: { min: number; max: number }): string {
  const allowed =
    max === Number.POSITIVE_INFINITY
      ? `at least ${min}`
      : min === Number.NEGATIVE_INFINITY
        ? `at most ${max}`
        : `${min} to ${max}`;
  return `${metric} is ${value}; the model allows ${allowed}`;
}

export const fault = (code: Fault['code'], message: string, path?: string): Fault =>
  path === undefined ? { code, message } : { code, message, path };

export function checkTime(ts: number, { timeMin, timeMax, receivedAt }: FrameTimes, path?: string): TimedFault | null {
  if (ts > timeMax) {
    const aheadMs = ts - receivedAt;
    return { ...fault('time_in_future', `${ts} is more than 5 minutes ahead of the gateway`, path), aheadMs };
  }
  if (ts < timeMin) return fault('time_too_old', `${ts} is older than the retention`, path);
  return null;
}

/** `fresh` is how many series the frame would add. */
export function checkSeriesCount(source: Source, fresh: number, { seriesMax }: SeriesRules): Fault | null {
  if (source.series.size + fresh <= seriesMax) return null;
  return fault('too_many_series', `the device has ${source.series.size} metrics; ${seriesMax} are allowed`);
}

/** Sets the bounds for times that hold now. `retentionMs` is how long readings are kept. */
export function setTimeBounds(times: FrameTimes, now: number, retentionMs: number): void {
  times.timeMin = Math.max(0, now - retentionMs);
  times.timeMax = now + limits.timeAheadMaxMs;
}

/** Sets the only bounds that an admitted frame has: a day has a file, named YYYY-MM-DD, and times are 0 or more. */
export function setWidestBounds(times: FrameTimes): void {
  times.timeMin = 0;
  times.timeMax = Date.UTC(10_000, 0) - 1;
}
