import type { ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { type DayFiles, dayMs } from '../dayFiles/days.js';
import { openLookup } from '../dayFiles/lookup.js';
import { rollupFor, rollups } from '../dayFiles/rollup.js';
import { type Blocks, lanesOf, openBlocks, type TellDamaged, type WantedSeries } from './blocks.js';
import { bucketSource, rollupSource, rollupSpan, seriesIn } from './bucketSource.js';
import type { DayHandles } from './dayHandles.js';
import { hasTakenIn, type OpenFile, openFile, openRollup } from './openFile.js';
import { readingSource } from './readingSource.js';
import type { BucketPart, Source } from './rowSource.js';

/** The files of one day for one query, each in the state in which it was opened. */
export interface OpenDay {
  /** One source per series and lane. */
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
export function openDay(handles: DayHandles, files: DayFiles, query: ReadingsQuery, damaged: TellDamaged): OpenDay {
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

  function blocksOf(file: OpenFile): { series: WantedSeries; blocks: Blocks }[] {
    const { order } = query;
    return lanesOf(file.runs, from, to, order).flatMap((lane) =>
      file.series.map((series) => ({ series, blocks: openBlocks(lane, { file, series, from, to, order, damaged }) })),
    );
  }

  const readingSources = (): Source<ReadingRow>[] =>
    open.flatMap(blocksOf).map(({ series, blocks }) => readingSource(blocks, series, query.order));

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

  function createStored(): (series: number, ts: number) => boolean {
    const lookups = open.flatMap((file) => {
      const locals = new Map(file.series.map(({ id, local }) => [id, local]));
      return file.runs.map((run) => ({ run, locals, lookup: openLookup(file.file, run.id) }));
    });
    return (series, ts) =>
      lookups.some(({ run, locals, lookup }) => {
        const local = locals.get(series);
        return local !== undefined && ts >= run.tsMin && ts <= run.tsMax && lookup.has(local, ts);
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
