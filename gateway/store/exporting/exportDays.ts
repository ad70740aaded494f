/**
 * exporting/ holds how readings leave the store as files of other forms: reading a day in order, the forms, and the folder of an
 * export or of the archive. When it happens is decided in operations/.
 */
import { existsSync } from 'node:fs';
import type { ExportProgress, ExportSpec } from '../../domain/exports.js';
import { dayMs, listDays } from '../dayFiles/days.js';
import { openDaySnapshot } from './dayReadings.js';
import { openExportFolder } from './exportFolder.js';
import { writeCounted } from './writeDay.js';

/**
 * Exports readings, one file per UTC day, a slice per step of the generator. A day that an earlier run has exported in its present
 * state is skipped. Unsealed readings must be sealed before. `folder` is the data folder. Throws ExportFolderError, and what file
 * systems and SQLite throw; then the files of complete days stay.
 */
export function* exportDays(folder: string, spec: ExportSpec): Generator<ExportProgress, ExportProgress> {
  const target = openExportFolder(spec);
  const { format, from, to } = spec;
  const devices = spec.devices === null ? null : new Set(spec.devices);
  const days = listDays(folder).filter(({ day }) => (day + 1) * dayMs > from && day * dayMs < to);
  const progress: ExportProgress = { done: 0, total: days.length, bytes: 0, readings: 0, damaged: 0, finished: false };
  for (const { day } of days) {
    const snapshot = openDaySnapshot(folder, day);
    try {
      const isLess = snapshot !== null && snapshot.unreadable > 0 && existsSync(target.pathOf(day));
      // What was exported before the file was damaged is not replaced by less.
      if (isLess) progress.damaged += snapshot.unreadable;
      else if (snapshot !== null && !target.has(day, snapshot.token)) {
        const written = yield* writeCounted(
          { snapshot, format, path: target.pathOf(day), from, to, devices },
          progress,
        );
        // A later run writes the day again, because it may have been mended.
        if (snapshot.unreadable === 0) target.note(day, snapshot.token, written.readings === 0);
      }
    } finally {
      snapshot?.close();
    }
    progress.done++;
    yield { ...progress };
  }
  return { ...progress, finished: true };
}
