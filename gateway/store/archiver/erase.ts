import { existsSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { DeviceIdentity } from '../../domain/device.js';
import { DayFileError, inFile, isDamage } from '../dayFiles/damage.js';
import { openDayForReading, openDayForWriting } from '../dayFiles/dayFile.js';
import { type DayFiles, dayOf, dayPath, listDays, removeDatabase } from '../dayFiles/days.js';
import { isOfRows, readRuns } from '../dayFiles/dayTables.js';
import type { DayWriterPool } from '../dayFiles/dayWriterPool.js';
import { finishDay } from '../dayFiles/finishedDay.js';
import { bringHome } from '../sqlite/openDatabase.js';
import { columnStatement } from '../sqlite/statement.js';
import { syncPath } from '../sqlite/syncPath.js';
import type { JobProgress } from '../threads/archiving.js';

/**
 * Erases a device's readings from every day file: each file with the device is rewritten without it and replaced. The log is
 * sealed and cut before this begins, and later seals skip the device. A file that cannot be used stays as it is, and the job fails after the
 * others.
 */
export function* eraseDevice(
  folder: string,
  days: DayWriterPool,
  device: DeviceIdentity,
): Generator<JobProgress, JobProgress> {
  const all = listDays(folder);
  const progress: JobProgress = { done: 0, total: all.length, bytes: 0, finished: false };
  const failed: DayFileError[] = [];
  for (const files of all) {
    try {
      for (const _ of eraseDay(folder, days, files, device)) yield { ...progress };
    } catch (error) {
      if (!isDamage(error)) throw error;
      days.close(files.day);
      failed.push(new DayFileError(files.day, error));
    }
    progress.done++;
    yield { ...progress };
  }
  if (failed.length > 0)
    throw new Error(
      `${device.id} is erased from all files but ${failed.map(({ file, fault }) => `${file} (${fault})`).join(', ')}: restore or remove these`,
    );
  return { ...progress, finished: true };
}

/**
 * Rewrites the day file without the device. Readings that are sealed for the day meanwhile go to its late file, as for any finished
 * day, and stay there. The late file is small enough to be rewritten in place.
 */
function* eraseDay(folder: string, days: DayWriterPool, files: DayFiles, device: DeviceIdentity): Generator<void> {
  const { day, readings, late, rollup } = files;
  const aside = dayPath(folder, day, 'aside');
  if (existsSync(aside)) {
    days.close(day);
    inFile(aside, () => eraseLate(aside, device));
  }
  const present = [readings, late, rollup].some((path) => path !== null && existsSync(path) && holds(path, device));
  if (present && readings !== null) {
    days.freeze(day);
    const finishing = { folder, day, takesLate: false, except: ofDevice(device), closeFiles: () => days.close(day) };
    if (!(yield* finishDay(finishing)))
      throw new Error(
        `${basename(readings)} is kept open by another program; its readings are erased once it is closed`,
      );
  } else if (present && rollup !== null) eraseRollup(rollup, device);
  const lateNow = dayPath(folder, day, 'late');
  if (!existsSync(lateNow)) return;
  // Even if it has no row of the device: an interrupted erasure may have deleted the chunks without compacting the file.
  days.close(day);
  eraseLate(lateNow, device);
}

/** An SQL condition on rows of a series table. */
function ofDevice({ id, key, createdAt }: DeviceIdentity): string {
  return `device = '${id}' AND device_key = ${key} AND device_created_at = ${createdAt}`;
}

function holds(path: string, device: DeviceIdentity): boolean {
  const db = openDayForReading(path);
  try {
    return columnStatement(db, `SELECT 1 FROM series WHERE ${ofDevice(device)}`).get() !== undefined;
  } finally {
    db.close();
  }
}

/** Deletes the chunks and lets SQLite rewrite the file, since what was deleted would stay in free pages and in gaps of pages. */
function eraseLate(path: string, device: DeviceIdentity): void {
  const db = openDayForWriting(path, dayOf(Date.parse(basename(path).slice(0, 10))));
  try {
    db.transaction(() => {
      for (const run of readRuns(db)) {
        const chunks = `chunk WHERE run = ${run.id} AND series IN (SELECT id FROM series WHERE ${ofDevice(device)})`;
        const readings = columnStatement<number | null>(db, `SELECT sum(n) FROM ${chunks}`).get() ?? 0;
        db.exec(`DELETE FROM ${chunks}`);
        if (readings === run.readings) db.exec(`DELETE FROM runs WHERE id = ${run.id}`);
        else db.prepare('UPDATE runs SET readings = readings - ? WHERE id = ?').run(readings, run.id);
      }
      db.exec(`DELETE FROM series WHERE ${ofDevice(device)}`);
    })();
    db.exec('VACUUM');
    bringHome(db, path);
  } finally {
    db.close();
  }
}

function eraseRollup(path: string, device: DeviceIdentity): void {
  const fresh = `${path}.new`;
  removeDatabase(fresh);
  const source = openDayForReading(path);
  source.prepare('VACUUM INTO ?').run(fresh);
  source.close();
  const db = new Database(fresh);
  for (const table of isOfRows(db) ? ['rollup_1h', 'rollup_1m'] : ['bucket'])
    db.exec(`DELETE FROM ${table} WHERE series IN (SELECT id FROM series WHERE ${ofDevice(device)})`);
  db.exec(`DELETE FROM series WHERE ${ofDevice(device)}; VACUUM;`);
  db.close();
  syncPath(fresh);
  renameSync(fresh, path);
  syncPath(dirname(path));
}
