import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { SeriesKind } from '../domain/series.js';
import type { Source } from './source.js';

/** The times of the frame that is being taken in. Ingest has one such record and writes it for each frame. */
export interface FrameTimes {
  /** When the frame counts as received, Unix ms. Taking in a frame of ages may set it later (ages.ts). */
  receivedAt: number;
  /** By how many ms that may be. 0 for a frame that an operator admits: it is stored once, however often it is admitted. */
  delayMax: number;
  /** Readings before this are refused, Unix ms. */
  timeMin: number;
  /** Readings after this are refused, Unix ms. */
  timeMax: number;
}

/** What holds for the series of all devices. */
export interface SeriesRules {
  /** How many series a device may have. A reload may change it. */
  seriesMax: number;
  /** Makes the series for a first reading and returns its id. */
  createSeries(source: Source, metric: string, unit: string | null, kind: SeriesKind): number;
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

export function checkTime(ts: number, { timeMin, timeMax }: FrameTimes, path?: string): Fault | null {
  if (ts > timeMax) return fault('time_in_future', `${ts} is more than 5 minutes ahead of the gateway`, path);
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
