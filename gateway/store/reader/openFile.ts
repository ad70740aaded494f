import { existsSync } from 'node:fs';
import type { ReadingsQuery } from '../../domain/readingsQuery.js';
import type { SeriesKind } from '../../domain/series.js';
import { isDamage } from '../dayFiles/damage.js';
import type { DayFiles } from '../dayFiles/days.js';
import { isOfRows, type KindName, kindOfName, type Run } from '../dayFiles/dayTables.js';
import { rollupFor } from '../dayFiles/rollup.js';
import { statement } from '../sqlite/statement.js';
import type { DayHandle, DayHandles } from './dayHandles.js';

/** One file of a day, open for one query. */
export interface OpenFile {
  file: DayHandle;
  /** Whether it is of Tidegate 0.1, with a row per reading or bucket. */
  ofRows: boolean;
  runs: Run[];
  /** The wanted series that the file has, each with the file's id and the gateway's. */
  series: { local: number; id: number; kind: SeriesKind }[];
}

/** Null if there is no such file. */
export function openFile(handles: DayHandles, path: string | null, query: ReadingsQuery): OpenFile | null {
  const file = path === null ? null : handles.open(path);
  return file === null ? null : { file, ofRows: isOfRows(file), runs: file.runs(), series: wantedSeries(file, query) };
}

/** Whether the readings of the late file are in the day file already. */
export const hasTakenIn = (day: OpenFile, late: OpenFile): boolean =>
  day.file.meta('folded') === late.file.meta('file');

/** The rollup, if it can replace the day's readings because they were removed or because it was made from all of them. */
export function openRollup(
  handles: DayHandles,
  files: DayFiles,
  query: ReadingsQuery,
  readings: OpenFile | null,
): OpenFile | null {
  if (query.everyMs === null || rollupFor(query.everyMs) === null) return null;
  if (readings === null && files.readings !== null && existsSync(files.readings)) return null;
  const rollup = files.rollup === null ? null : openReadable(handles, files.rollup);
  if (rollup === null) return null;
  const finished = readings === null ? null : readings.file.meta('finished');
  if (readings !== null && (finished === null || rollup.meta('of') !== finished)) {
    rollup.close();
    return null;
  }
  return { file: rollup, ofRows: isOfRows(rollup), runs: [], series: wantedSeries(rollup, query) };
}

/** A rollup that cannot be read is no rollup: where the readings are there, they answer instead. */
function openReadable(handles: DayHandles, path: string): DayHandle | null {
  try {
    return handles.open(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return null;
  }
}

function wantedSeries(file: DayHandle, { device, series }: ReadingsQuery): OpenFile['series'] {
  const ids = new Map(series.map(({ metric, id }) => [metric, id]));
  const ofDevice = statement<{ local: number; metric: string; kind: KindName }, [string, number, number]>(
    file,
    'SELECT id AS local, metric, kind FROM series WHERE device = ? AND device_key = ? AND device_created_at = ?',
  );
  return ofDevice.all(device.id, device.key, device.createdAt).flatMap(({ local, metric, kind }) => {
    const id = ids.get(metric);
    return id === undefined ? [] : [{ local, id, kind: kindOfName(kind) }];
  });
}
