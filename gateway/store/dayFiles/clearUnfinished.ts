import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorOf } from '../../../schemas/errors.js';
import { isDamage } from './damage.js';
import { hasSchema, openDayForReading } from './dayFile.js';
import { dayFolder, listDays, makeDayFolder, removeDatabase } from './days.js';
import { belongTogether, isFolded } from './finishedDay.js';

/** Removes at the start the files that a crash left unfinished or did not remove. */
export function clearUnfinished(folder: string): void {
  makeDayFolder(folder);
  for (const name of readdirSync(dayFolder(folder)))
    if (/\.db\.new(-journal|-wal|-shm)?$/.test(name)) rmSync(join(dayFolder(folder), name), { force: true });
  for (const { readings, late, rollup } of listDays(folder)) {
    for (const path of [readings, late]) if (path !== null && isEmpty(path)) removeDatabase(path);
    if (rollup !== null) isEmpty(rollup);
  }
  for (const { readings, late } of listDays(folder)) {
    if (readings === null || late === null) continue;
    if (isFolded(readings, late)) removeDatabase(late);
    else if (!belongTogether(readings, late))
      throw new Error(
        `${late} does not belong to the day file beside it: they were restored from different backups. Move one of them away`,
      );
  }
}

/** Whether the file was created and never written to. Throws with the file's name if it cannot be read or is newer. */
function isEmpty(path: string): boolean {
  try {
    const db = openDayForReading(path);
    try {
      return !hasSchema(db);
    } finally {
      db.close();
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new Error(`${path}: ${errorOf(error).message}. Restore the file from a backup, or move it away`);
  }
}
