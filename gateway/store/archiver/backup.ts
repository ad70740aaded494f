import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { isDamage } from '../dayFiles/damage.js';
import { dayFolder, listDays, pathsOf } from '../dayFiles/days.js';
import type { DayWriterPool } from '../dayFiles/dayWriterPool.js';
import { isFinished } from '../dayFiles/finishedDay.js';
import { newEpoch } from '../sqlite/migrate.js';
import { emptyWal } from '../sqlite/pragmas.js';
import { syncPath } from '../sqlite/syncPath.js';
import type { JobProgress } from '../threads/archiving.js';

/** This file is in a backup until all others are. A gateway does not start on a folder with this file. */
export const unfinishedBackup = 'backup.unfinished';

/**
 * Copies the store, one file per slice, while it is written to. The log is copied first. Rows that are sealed and cut later are
 * still in the copied log, and rows that were cut before are in the day files that are copied later. A reading that is in both is
 * found to be a repeat when the copy is sealed. A copy gets a new epoch, so that it is recognised as another store.
 */
export function* backUp(folder: string, days: DayWriterPool, target: string): Generator<JobProgress, JobProgress> {
  const all = listDays(folder);
  const paths = all.flatMap((files) => pathsOf(files).map((path) => ({ day: files.day, path })));
  const progress: JobProgress = { done: 0, total: 2 + paths.length, bytes: 0, finished: false };
  const done = (copy: string | null): JobProgress => {
    progress.done++;
    if (copy !== null) progress.bytes += statSync(copy).size;
    return { ...progress };
  };
  const mark = join(target, unfinishedBackup);
  writeFileSync(mark, 'A backup is being copied into this folder, or was not finished.\n');
  for (const name of ['log.db', 'tidegate.db']) yield done(copyDatabase(join(folder, name), join(target, name)));
  mkdirSync(dayFolder(target), { mode: 0o700 });
  for (const { day, path } of paths) yield done(copyDayFile(days, day, path, join(dayFolder(target), basename(path))));
  for (const name of ['admin.key', 'hash.key', 'gateway.json']) {
    if (!existsSync(join(folder, name))) continue;
    copyFileSync(join(folder, name), join(target, name));
    syncPath(join(target, name));
  }
  syncPath(dayFolder(target));
  syncPath(target);
  rmSync(mark);
  syncPath(target);
  return { ...progress, finished: true };
}

function copyDatabase(path: string, copy: string): string {
  const source = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    source.prepare('VACUUM INTO ?').run(copy);
  } finally {
    source.close();
  }
  const db = new Database(copy);
  db.prepare("UPDATE meta SET value = ? WHERE name = 'epoch'").run(newEpoch());
  db.close();
  syncPath(copy);
  return copy;
}

/** A file that cannot be used is copied as it is, with what is beside it, because it may be all that is left of the day. */
function copyDayFile(days: DayWriterPool, day: number, path: string, copy: string): string | null {
  if (!existsSync(path)) return null;
  try {
    return copyUsable(days, day, path, copy);
  } catch (error) {
    days.close(day);
    if (!isDamage(error)) throw error;
    rmSync(copy, { force: true });
    for (const suffix of ['', '-wal'])
      if (statSync(path + suffix, { throwIfNoEntry: false })?.isFile()) copyPlain(path + suffix, copy + suffix);
    return existsSync(copy) ? copy : null;
  }
}

/** Copies a finished file unchanged, and so a live one if its write-ahead log could be emptied. No other thread writes these files. */
function copyUsable(days: DayWriterPool, day: number, path: string, copy: string): string {
  const isFinal = path.endsWith('.rollup.db') || (isFinished(path) && !path.endsWith('.late.db'));
  if (isFinal || (isSealedInto(days, day, path) && emptyWal(days.of(day).db))) return copyPlain(path, copy);
  const source = new Database(path, { readonly: true, fileMustExist: true });
  source.prepare('VACUUM INTO ?').run(copy);
  source.close();
  syncPath(copy);
  return copy;
}

/** Whether the file is the one that the readings of the day are sealed into. */
const isSealedInto = (days: DayWriterPool, day: number, path: string): boolean =>
  path.endsWith('.aside.db') === days.isAside(day);

function copyPlain(path: string, copy: string): string {
  copyFileSync(path, copy);
  syncPath(copy);
  return copy;
}
