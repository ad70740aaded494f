import type { TelemetryMessage } from '../../schemas/generated/device.js';
import { pointerToken } from '../../schemas/message/pointer.js';
import type { Fault } from '../../schemas/tables/faults.js';
import type { Batch } from '../columns/batch.js';
import { reserveReadings } from '../columns/readingColumns.js';
import { type Scalar, type SeriesKind, seriesKinds } from '../domain/series.js';
import { keepApart, type OwnTimes, type TimesByMetric } from './ages.js';
import type { Column } from './metricTable.js';
import {
  checkSeriesCount,
  checkTime,
  type FrameTimes,
  fault,
  outOfRange,
  type SeriesRules,
  type Taken,
} from './rules.js';
import type { Source } from './source.js';

/**
 * Takes a JSON telemetry message into the batch, whole or not at all: everything is checked first, and what is written after
 * that cannot fail. The message has the form of its schema; `columnByName` returns what was declared for a metric, if anything.
 * Ages, and the receipt time where there is no time, are kept apart from the other times that the gateway made up.
 */
export function takeJson(
  source: Source,
  columnByName: (metric: string) => Column | undefined,
  message: TelemetryMessage,
  times: FrameTimes,
  rules: SeriesRules,
  batch: Batch,
): Taken {
  const samples = message.samples ?? [message as { ts?: number; values: Record<string, Scalar | null> }];
  const problem = checkSamples(
    source,
    columnByName,
    samples,
    message.samples === undefined ? '' : '/samples',
    times,
    rules,
  );
  if (problem !== null) return problem;
  const delay = times.madeUpMax === null ? 0 : delayOf(source, samples, times, rules);
  if (delay === null) return 'crowded';
  for (const { ts, values } of samples) {
    const time = isOwn(ts) ? ts : resolveTime(ts, times.receivedAt) + delay;
    for (const metric in values) {
      const value = values[metric] as Scalar | null;
      if (value === null) continue;
      const kind = kindOf(value);
      const id =
        source.series.get(metric)?.id ?? rules.createSeries(source, metric, columnByName(metric)?.unit ?? null, kind);
      reserveReadings(batch, 1);
      batch.series[batch.readings] = id;
      batch.ts[batch.readings] = time;
      batch.value[batch.readings] =
        kind === seriesKinds.string ? batch.strings.push(value as string) - 1 : Number(value);
      batch.readings++;
    }
  }
  return null;
}

type Samples = { ts?: number; values: Record<string, unknown> }[];

function checkSamples(
  source: Source,
  columnByName: (metric: string) => Column | undefined,
  samples: Samples,
  root: string,
  times: FrameTimes,
  rules: SeriesRules,
): Fault | null {
  const fresh = new Map<string, SeriesKind>();
  let outside = 0;
  for (let i = 0; i < samples.length; i++) {
    const { ts, values } = samples[i];
    const at = root === '' ? '' : `${root}/${i}`;
    const time = checkTime(resolveTime(ts, times.receivedAt), times, `${at}/ts`);
    if (time !== null) return time;
    for (const metric in values) {
      const value = values[metric] as Scalar | null;
      if (value === null) continue;
      const column = columnByName(metric);
      const kind = source.series.get(metric)?.kind ?? fresh.get(metric) ?? column?.kind ?? kindOf(value);
      if (kindOf(value) !== kind)
        return fault('value_invalid', `${metric} must be a ${kindNames[kind]}`, `${at}/values/${pointerToken(metric)}`);
      if (!source.series.has(metric)) fresh.set(metric, kind);
      if (
        column?.range != null &&
        typeof value === 'number' &&
        (value < column.range.min || value > column.range.max)
      ) {
        if (column.range.refuse)
          return fault(
            'value_out_of_range',
            outOfRange(metric, value, column.range),
            `${at}/values/${pointerToken(metric)}`,
          );
        outside++;
      }
    }
  }
  if (outside > 0) rules.outOfRange(outside);
  return (
    (fresh.size > 0 ? checkSeriesCount(source, fresh.size, rules) : null) ??
    checkTimesDiffer(samples, root, times.receivedAt)
  );
}

const kindNames = ['number', 'string', 'boolean'] as const;

function kindOf(value: Scalar): SeriesKind {
  if (typeof value === 'number') return seriesKinds.number;
  return typeof value === 'string' ? seriesKinds.string : seriesKinds.boolean;
}

/** How much later the times that are made up for the frame must be; null if the device must wait. */
function delayOf(source: Source, samples: Samples, times: FrameTimes, rules: SeriesRules): number | null {
  if (samples.every(({ ts }) => isOwn(ts))) return 0;
  const { receivedAt } = times;
  const made = timesOf(samples, receivedAt, false);
  const fixed = samples.some(({ ts }) => isOwn(ts)) ? ownTimesOf(samples, receivedAt) : null;
  const delay = keepApart(source, made, fixed, times, rules);
  if (delay !== null)
    for (const some of made.values())
      for (const time of some) times.madeUpLast = Math.max(times.madeUpLast, time + delay);
  return delay;
}

/** The times of the samples that have their own, or of the others. */
function timesOf(samples: Samples, receivedAt: number, own: boolean): TimesByMetric {
  const byMetric = new Map<string, number[]>();
  for (const { ts, values } of samples) {
    if (isOwn(ts) !== own) continue;
    for (const metric in values) {
      if (values[metric] === null) continue;
      const times = byMetric.get(metric);
      if (times === undefined) byMetric.set(metric, [resolveTime(ts, receivedAt)]);
      else times.push(resolveTime(ts, receivedAt));
    }
  }
  return byMetric;
}

const ownTimesOf = (samples: Samples, receivedAt: number): OwnTimes =>
  new Map(Array.from(timesOf(samples, receivedAt, true), ([metric, times]) => [metric, new Set(times)]));

/** Whether the device has given the time itself. */
export const isOwn = (ts: number | undefined): ts is number => ts !== undefined && ts > 0;

/** Unix ms of a sample: above 0 as it is, at most 0 an age, absent the time of receipt. */
function resolveTime(ts: number | undefined, receivedAt: number): number {
  if (isOwn(ts)) return ts;
  return receivedAt + (ts ?? 0);
}

function checkTimesDiffer(samples: Samples, root: string, receivedAt: number): Fault | null {
  let ascending = true;
  for (let i = 1; i < samples.length && ascending; i++) {
    ascending = resolveTime(samples[i].ts, receivedAt) > resolveTime(samples[i - 1].ts, receivedAt);
  }
  if (ascending) return null;
  const seen = new Set<string>();
  for (let i = 0; i < samples.length; i++) {
    const ts = resolveTime(samples[i].ts, receivedAt);
    for (const [metric, value] of Object.entries(samples[i].values)) {
      if (value === null) continue;
      const identity = `${ts} ${metric}`;
      if (seen.has(identity))
        return fault(
          'schema_invalid',
          `${metric} is given twice for the time ${ts}`,
          `${root}/${i}/values/${pointerToken(metric)}`,
        );
      seen.add(identity);
    }
  }
  return null;
}
