import type { ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { runTable } from '../dayFiles/dayFile.js';
import { type DayFiles, dayMs } from '../dayFiles/days.js';
import { rollupFor, rollups } from '../dayFiles/rollup.js';
import { columnStatement } from '../sqlite/statement.js';
import { bucketSource, bucketsPerChunk, prepareBuckets, rollupSource, rollupSpan, seriesIn } from './bucketSource.js';
import type { DayHandles } from './dayHandles.js';
import { hasTakenIn, openFile, openRollup } from './openFile.js';
import { readingSource, selectReadings } from './readingSource.js';
import type { BucketPart, Source } from './rowSource.js';

/** The files of one day for one query, each in the state in which it was opened. */
export interface OpenDay {
  /** One source per series and file. */
  readingSources(): Source<ReadingRow>[];
  bucketSources(everyMs: number): Source<BucketPart>[];
  /** Returns a function that checks whether a reading of the log is in the day's files already. */
  createStored(): (series: number, ts: number) => boolean;
  close(): void;
}

/**
 * The late file is opened before the day file. If a rebuilt file replaces both in between, the file that is opened second has the
 * readings of the first, and its meta says so.
 */
export function openDay(handles: DayHandles, files: DayFiles, query: ReadingsQuery): OpenDay {
  let late = openFile(handles, files.late, query);
  const readings = openFile(handles, files.readings, query);
  if (late !== null && readings !== null && hasTakenIn(readings, late)) {
    late.file.close();
    late = null;
  }
  const rollup = openRollup(handles, files, query, late === null ? readings : null);
  const open = [late, readings].filter((file) => file !== null);
  const from = Math.max(query.from, files.day * dayMs);
  const to = Math.min(query.to, (files.day + 1) * dayMs);

  function readingSources(): Source<ReadingRow>[] {
    return open.flatMap((file) => {
      const select = selectReadings(file, from, to, query.order);
      if (select === null) return [];
      return file.series.map((series) => readingSource(file.file, select, series, from, to, query));
    });
  }

  function bucketSources(everyMs: number): Source<BucketPart>[] {
    const rolled = new Set<number>();
    const sources: Source<BucketPart>[] = [];
    const table = rollupFor(everyMs);
    const perChunk = bucketsPerChunk(query.series.length);
    if (rollup !== null && table !== null) {
      const span = rollupSpan(from, to, rollups[table], readings === null);
      if (span !== null)
        for (const series of seriesIn(rollup, table)) {
          rolled.add(series.id);
          sources.push(rollupSource(rollup.file, table, series, span, everyMs, query.order, perChunk));
        }
    }
    for (const file of open) {
      const select = prepareBuckets(file, from, to, everyMs, query.order);
      if (select === null) continue;
      for (const series of file.series)
        if (!rolled.has(series.id))
          sources.push(bucketSource(select, series, from, to, everyMs, query.order, perChunk));
    }
    return sources;
  }

  function createStored(): (series: number, ts: number) => boolean {
    const lookups = open.flatMap((file) =>
      file.runs.map((run) => ({
        run,
        locals: new Map(file.series.map(({ id, local }) => [id, local])),
        has: columnStatement<number, [series: number, ts: number]>(
          file.file,
          `SELECT 1 FROM ${runTable(run)} WHERE series = ? AND ts = ?`,
        ),
      })),
    );
    return (series, ts) =>
      lookups.some(({ run, locals, has }) => {
        const local = locals.get(series);
        return local !== undefined && ts >= run.tsMin && ts <= run.tsMax && has.get(local, ts) !== undefined;
      });
  }

  return {
    readingSources,
    bucketSources,
    createStored,
    close() {
      for (const opened of [...open, rollup]) opened?.file.close();
    },
  };
}
