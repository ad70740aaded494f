import { existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { DeviceIdentity, JobProgress } from './calls.js';
import { openDayForReading, readRuns, replaceView, runTable } from './dayFile.js';
import { type DayFiles, listDays, syncPath } from './days.js';
import type { DayWriters } from './dayWriters.js';
import { finishDay, isFinished, removeDatabase } from './finishedDay.js';

/**
 * Takes a device's readings out of every day file. Finished files and rollups are made anew without it and put in the place of
 * the old ones; in live files its rows are deleted and overwritten. The log is sealed and cut before this begins, and seals leave
 * the device out from then on.
 */
export function* eraseDevice(
  folder: string,
  days: DayWriters,
  device: DeviceIdentity,
): Generator<JobProgress, JobProgress> {
  const all = listDays(folder);
  const progress: JobProgress = { done: 0, total: all.length, bytes: 0, finished: false };
  for (const files of all) {
    for (const _ of eraseDay(folder, days, files, device)) yield { ...progress };
    progress.done++;
    yield { ...progress };
  }
  return { ...progress, finished: true };
}

function* eraseDay(folder: string, days: DayWriters, files: DayFiles, device: DeviceIdentity): Generator<void> {
  const { day, readings, late, rollup } = files;
  const present = [readings, late, rollup].some((path) => path !== null && existsSync(path) && holds(path, device));
  if (!present) return;
  if (readings !== null && isFinished(readings)) {
    days.close(day);
    while (!(yield* finishDay(folder, day, ofDevice(device)))) {
      days.close(day);
      yield;
    }
  } else if (readings !== null) eraseLive(days.of(day).db, device, () => days.close(day));
  else if (rollup !== null) eraseRollup(rollup, device);
}

/** An SQL condition on rows of a series table. */
function ofDevice({ id, key, createdAt }: DeviceIdentity): string {
  return `device = '${id}' AND device_key = ${key} AND device_created_at = ${createdAt}`;
}

function holds(path: string, device: DeviceIdentity): boolean {
  const db = openDayForReading(path);
  try {
    return (
      db
        .prepare(`SELECT 1 FROM series WHERE ${ofDevice(device)}`)
        .pluck()
        .get() !== undefined
    );
  } finally {
    db.close();
  }
}

function eraseLive(db: Database.Database, device: DeviceIdentity, close: () => void): void {
  db.pragma('secure_delete = ON');
  db.transaction(() => {
    for (const run of readRuns(db)) {
      const table = runTable(run);
      const { changes } = db
        .prepare(`DELETE FROM ${table} WHERE series IN (SELECT id FROM series WHERE ${ofDevice(device)})`)
        .run();
      if (changes === 0) continue;
      db.prepare('UPDATE runs SET readings = readings - ? WHERE id = ?').run(changes, run.id);
      if (changes === run.readings) db.exec(`DROP TABLE ${table}; DELETE FROM runs WHERE id = ${run.id};`);
    }
    db.exec(`DELETE FROM series WHERE ${ofDevice(device)}`);
    replaceView(db);
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  close();
}

function eraseRollup(path: string, device: DeviceIdentity): void {
  const fresh = `${path}.new`;
  removeDatabase(fresh);
  const source = openDayForReading(path);
  source.prepare('VACUUM INTO ?').run(fresh);
  source.close();
  const db = new Database(fresh);
  for (const table of ['rollup_1h', 'rollup_1m'])
    db.exec(`DELETE FROM ${table} WHERE series IN (SELECT id FROM series WHERE ${ofDevice(device)})`);
  db.exec(`DELETE FROM series WHERE ${ofDevice(device)}; VACUUM;`);
  db.close();
  syncPath(fresh);
  renameSync(fresh, path);
  syncPath(dirname(path));
}
