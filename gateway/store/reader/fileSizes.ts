import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredFiles } from '../../domain/storedFiles.js';
import { dayText, listDays } from '../dayFiles/days.js';

/** The sizes of the files of the data folder. It asks the file system once per file. */
export function fileSizes(folder: string): StoredFiles {
  return {
    logBytes: sizeOf(join(folder, 'log.db')),
    registryBytes: sizeOf(join(folder, 'tidegate.db')),
    ballastBytes: sizeOf(join(folder, 'ballast')),
    days: listDays(folder).map(({ day, readings, late, rollup, aside }) => ({
      day: dayText(day),
      readingsBytes: sizeOf(readings) + sizeOf(late) + sizeOf(aside),
      rollupBytes: sizeOf(rollup),
    })),
  };
}

/** With what SQLite keeps beside a database. A file that was removed meanwhile has no bytes. */
function sizeOf(path: string | null): number {
  if (path === null) return 0;
  return ['', '-wal', '-shm', '-journal'].reduce(
    (sum, suffix) => sum + (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
