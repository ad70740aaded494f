import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDamage } from './damage.js';
import { hasSchema, openDayForReading } from './dayFile.js';
import { dayFolder, listDays, makeDayFolder } from './days.js';
import { belongTogether, isFolded, removeDatabase } from './finishedDay.js';

/** At start: what a crash left half made, or forgot to remove. */
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
        `${late} does not belong to the day file beside it: they were put back from different backups. Move one of them away`,
      );
  }
}

/** A file that was made and never written to. Throws, and says which file, where it cannot be read or is newer. */
function isEmpty(path: string): boolean {
  try {
    const db = openDayForReading(path);
    try {
      return !hasSchema(db);
    } finally {
      db.close();
    }
  } catch (error) {
    if (!isDamage(error as Error)) throw error;
    throw new Error(`${path}: ${(error as Error).message}. Put it back from a backup, or move it away`);
  }
}
