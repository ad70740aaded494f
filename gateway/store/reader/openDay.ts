import type { ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { DayFileError, inFile, isDamage } from '../dayFiles/damage.js';
import { type DayFiles, dayMs } from '../dayFiles/days.js';
import { openLookup } from '../dayFiles/lookup.js';
import { rollupFor, rollups } from '../dayFiles/rollup.js';
import { type Blocks, lanesOf, openBlocks, readableBlocks, type TellDamaged, type WantedSeries } from './blocks.js';
import { bucketSource, rollupSource, rollupSpan, seriesIn } from './bucketSource.js';
import type { DayHandles } from './dayHandles.js';
import { hasTakenIn, type OpenFile, openFile, openRollup } from './openFile.js';
import { readingSource } from './readingSource.js';
import type { BucketPart, Source } from './rowSource.js';

/** The files of one day for one query, each in the state in which it was opened. */
export interface OpenDay {
  /** One source per series and lane. */
  readingSources(): Source<ReadingRow>[];
  /**
   * Whether no reading is in two of the files, so that `bucketSources` may be used. Readings that wait aside may be repeats of what the
   * day has; where only a rollup stands for a lost day, its series have the rollup's buckets, without the readings that wait.
   */
  isCertain: boolean;
  bucketSources(everyMs: number): Source<BucketPart>[];
  /**
   * Returns a function that checks whether a reading of the log is in the day's files already. That throws if damage hides the answer.
   */
  createStored(): (series: number, ts: number) => boolean;
  /** Why a file of the day cannot be read at all; null: all were opened. */
  unreadable: DayFileError | null;
  close(): void;
}

/**
 * The aside file is opened before the late file, and that before the day file. If one replaces another in between, the file that is opened
 * later has the readings of the earlier one. A file that cannot be read is left out. `expiredDay` is the last day whose file may
 * have been removed for its age.
 */
export function openDay(
  handles: DayHandles,
  files: DayFiles,
  query: ReadingsQuery,
  damaged: TellDamaged,
  expiredDay: () => number = () => Number.POSITIVE_INFINITY,
): OpenDay {
  let unreadable: DayFileError | null = null;
  const readable = (path: string | null): OpenFile | null => {
    try {
      return path === null ? null : inFile(path, () => openFile(handles, path, query));
    } catch (error) {
      if (!isDamage(error)) throw error;
      unreadable = new DayFileError(files.day, error);
      return null;
    }
  };
  const aside = readable(files.aside);
  let late = readable(files.late);
  const readings = readable(files.readings);
  if (late !== null && readings !== null && hasTakenIn(readings, late)) {
    late.file.close();
    late = null;
  }
  const isComplete = late === null && aside === null && unreadable === null;
  const rollup = openRollup(handles, files, query, isComplete ? readings : null);
  const isLost = files.readings === null && (files.late !== null || files.rollup !== null) && files.day > expiredDay();
  if (isLost && (rollup === null || aside !== null))
    unreadable = new DayFileError(files.day, new Error('it is missing'));
  const open = [late, readings, aside].filter((file) => file !== null);
  const from = Math.max(query.from, files.day * dayMs);
  const to = Math.min(query.to, (files.day + 1) * dayMs);

  /** What cannot be read of a file is told as from the last reading before it to the end of the day. */
  function blocksOf(file: OpenFile): { series: WantedSeries; blocks: Blocks }[] {
    const { order } = query;
    return lanesOf(file.runs, from, to, order).flatMap((lane) =>
      file.series.map((series) => {
        const options = { file, series, from, to, order, damaged };
        return { series, blocks: readableBlocks(() => openBlocks(lane, options), options) };
      }),
    );
  }

  const readingSources = (): Source<ReadingRow>[] =>
    open.flatMap(blocksOf).map(({ series, blocks }) => readingSource(blocks, series, query.order));

  /** The series whose buckets the rollup has. */
  function rolledSeries(of: OpenFile): Set<number> {
    const table = query.everyMs === null ? null : rollupFor(query.everyMs);
    return new Set(table === null ? [] : seriesIn(of, table).map(({ id }) => id));
  }

  function bucketSources(everyMs: number): Source<BucketPart>[] {
    const rolled = new Set<number>();
    const sources: Source<BucketPart>[] = [];
    const table = rollupFor(everyMs);
    if (rollup !== null && table !== null) {
      const span = rollupSpan(from, to, rollups[table], readings === null);
      if (span !== null)
        for (const series of seriesIn(rollup, table)) {
          rolled.add(series.id);
          sources.push(rollupSource(rollup, table, series, span, everyMs, query.order, damaged));
        }
    }
    for (const file of open)
      for (const { series, blocks } of blocksOf(file))
        if (!rolled.has(series.id)) sources.push(bucketSource(blocks, series, everyMs, query.order));
    return sources;
  }

  return {
    readingSources,
    isCertain: aside === null || rollup !== null,
    bucketSources,
    createStored() {
      const isStored = storedIn(open);
      const alone = rollup !== null && readings === null ? rolledSeries(rollup) : new Set<number>();
      return (series, ts) => alone.has(series) || isStored(series, ts);
    },
    unreadable,
    close() {
      for (const opened of [...open, rollup]) opened?.file.close();
    },
  };
}

/** Returns a function that checks whether a reading is in one of the files. */
function storedIn(files: readonly OpenFile[]): (series: number, ts: number) => boolean {
  const lookups = files.flatMap((file) => {
    const locals = new Map(file.series.map(({ id, local }) => [id, local]));
    return file.runs.map((run) => ({ run, locals, lookup: openLookup(file.file, run.id) }));
  });
  return (series, ts) =>
    lookups.some(({ run, locals, lookup }) => {
      const local = locals.get(series);
      return local !== undefined && ts >= run.tsMin && ts <= run.tsMax && lookup.has(local, ts);
    });
}
