import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDamage } from './damage.js';
import { dayFolder, listDays, makeDayFolder, removeDatabase } from './days.js';
import { belongTogether, isFolded } from './finishedDay.js';

/** Removes at the start the files that a crash left unfinished or did not remove. A day with a damaged file stays as it is. */
export function clearUnfinished(folder: string): void {
  makeDayFolder(folder);
  for (const name of readdirSync(dayFolder(folder)))
    if (/\.db\.new(-journal|-wal|-shm)?$/.test(name)) rmSync(join(dayFolder(folder), name), { force: true });
  for (const { readings, late } of listDays(folder)) {
    if (readings === null || late === null) continue;
    try {
      clearLate(readings, late);
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }
}

function clearLate(readings: string, late: string): void {
  if (isFolded(readings, late)) removeDatabase(late);
  else if (!belongTogether(readings, late))
    throw new Error(
      `${late} does not belong to the day file beside it: they were restored from different backups. Move one of them away`,
    );
}
