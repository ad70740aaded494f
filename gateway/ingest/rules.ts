import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { SeriesKind } from '../domain/series.js';
import type { Source } from './source.js';

/** By what rules telemetry is taken in at this moment. */
export interface Rules {
  /** Of the frame at hand, Unix ms; taking it in may set it later (ages.ts). */
  receivedAt: number;
  /** By how many ms that may be; 0 for a frame that an operator lets in, which is stored once however often that is asked. */
  delayMax: number;
  /** Times are Unix ms; readings outside are refused. */
  timeMin: number;
  timeMax: number;
  seriesMax: number;
  /** The series for a first reading. */
  createSeries(source: Source, metric: string, unit: string | null, kind: SeriesKind): number;
  outOfRange(count: number): void;
}

export const fault = (code: Fault['code'], message: string, path?: string): Fault =>
  path === undefined ? { code, message } : { code, message, path };

export function checkTime(ts: number, { timeMin, timeMax }: Rules, path?: string): Fault | null {
  if (ts > timeMax) return fault('time_in_future', `${ts} is more than 5 minutes ahead of the gateway`, path);
  if (ts < timeMin) return fault('time_too_old', `${ts} is older than the retention`, path);
  return null;
}

export function checkSeriesCount(source: Source, fresh: number, { seriesMax }: Rules): Fault | null {
  if (source.series.size + fresh <= seriesMax) return null;
  return fault('too_many_series', `the device has ${source.series.size} metrics; ${seriesMax} are allowed`);
}

/** The bounds for times at this moment. */
export function timeBounds(now: number, retentionMs: number): { timeMin: number; timeMax: number } {
  return { timeMin: Math.max(0, now - retentionMs), timeMax: now + limits.timeAheadMaxMs };
}

/** Where there are no others: days have a file each, named YYYY-MM-DD, and times are 0 or more. */
export const widestBounds = { timeMin: 0, timeMax: Date.UTC(10_000, 0) - 1 };
