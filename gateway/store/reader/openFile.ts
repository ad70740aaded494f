import { existsSync } from 'node:fs';
import type { DeviceIdentity } from '../../domain/device.js';
import type { ReadingsQuery } from '../../domain/readingsQuery.js';
import type { SeriesKind } from '../../domain/series.js';
import { type KindName, kindOfName, type Run } from '../dayFiles/dayFile.js';
import type { DayFiles } from '../dayFiles/days.js';
import { rollupFor } from '../dayFiles/rollup.js';
import type { DayHandle, DayHandles } from './dayHandles.js';

/** One file of a day, open for one query, with those of the wanted series that it has. */
export interface OpenFile {
  file: DayHandle;
  runs: Run[];
  series: { local: number; id: number; kind: SeriesKind }[];
}

export function openFile(handles: DayHandles, path: string | null, query: ReadingsQuery): OpenFile | null {
  const file = path === null ? null : handles.open(path);
  return file === null ? null : { file, runs: file.runs(), series: wantedSeries(file, query) };
}

export const hasTakenIn = (day: OpenFile, late: OpenFile): boolean =>
  day.file.meta('folded') === late.file.meta('file');

export function closed({ file }: OpenFile): null {
  file.close();
  return null;
}

/** The rollup, if it may stand for the day's readings: they have left, or it was made from all of them. */
export function openRollup(
  handles: DayHandles,
  files: DayFiles,
  query: ReadingsQuery,
  readings: OpenFile | null,
): OpenFile | null {
  if (query.everyMs === null || rollupFor(query.everyMs) === null) return null;
  if (readings === null && files.readings !== null && existsSync(files.readings)) return null;
  const rollup = files.rollup === null ? null : handles.open(files.rollup);
  if (rollup === null) return null;
  const finished = readings === null ? null : readings.file.meta('finished');
  if (readings !== null && (finished === null || rollup.meta('of') !== finished)) {
    rollup.close();
    return null;
  }
  return { file: rollup, runs: [], series: wantedSeries(rollup, query) };
}

function wantedSeries(file: DayHandle, { device, series }: ReadingsQuery): OpenFile['series'] {
  const ids = new Map(series.map(({ metric, id }) => [metric, id]));
  return seriesOfDevice(file, device).flatMap(({ id: local, metric, kind }) => {
    const id = ids.get(metric);
    return id === undefined ? [] : [{ local, id, kind: kindOfName(kind) }];
  });
}

function seriesOfDevice(file: DayHandle, { id, key, createdAt }: DeviceIdentity) {
  return file
    .prepare('SELECT id, metric, kind FROM series WHERE device = ? AND device_key = ? AND device_created_at = ?')
    .all(id, key, createdAt) as { id: number; metric: string; kind: KindName }[];
}
