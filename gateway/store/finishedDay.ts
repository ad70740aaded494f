import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { createDaySchema, createRunTable, openDayForReading, readRuns, replaceView, runTable } from './dayFile.js';
import { dayPath, dayText, syncPath } from './days.js';
import { openMeta } from './meta.js';
import { newEpoch } from './migration.js';
import { buildRollup } from './rollup.js';
import { copyRuns } from './runCopy.js';

/** Whether the day file is one that is never written again. */
export function isFinished(path: string): boolean {
  if (!existsSync(path)) return false;
  const db = openDayForReading(path);
  try {
    return openMeta(db).text('finished') !== null;
  } finally {
    db.close();
  }
}

/**
 * Makes the finished file of a day, and its rollup, from the day file and what came late, a slice each time the generator goes
 * on. The fresh files are on disk before they take their names; a file that anyone has open is not replaced: the generator
 * ends with false, to be tried again. `except` is an SQL condition on series rows that are left out.
 *
 * Only a file in rollback mode may be replaced: beside a fresh file, the write-ahead log of the old one would be replayed into
 * it. Switching the mode succeeds only when nobody else has the file open, which is the proof that is needed.
 */
export function* finishDay(folder: string, day: number, except = '0'): Generator<void, boolean> {
  const path = dayPath(folder, day, 'readings');
  const late = existsSync(dayPath(folder, day, 'late')) ? dayPath(folder, day, 'late') : null;
  const rollup = dayPath(folder, day, 'rollup');
  const fresh = `${path}.new`;
  const freshRollup = `${rollup}.new`;
  removeDatabase(fresh);
  removeDatabase(freshRollup);
  try {
    yield* buildDay(fresh, day, path, late, except);
    yield* buildRollup(freshRollup, fresh);
    syncPath(fresh);
    syncPath(freshRollup);
    if (!letGo(path) || (late !== null && !letGo(late))) return false;
    renameSync(freshRollup, rollup);
    renameSync(fresh, path);
    syncPath(dirname(path));
    if (late !== null) {
      removeDatabase(late);
      syncPath(dirname(path));
    }
    return true;
  } finally {
    removeDatabase(fresh);
    removeDatabase(freshRollup);
  }
}

function* buildDay(fresh: string, day: number, path: string, late: string | null, except: string): Generator<void> {
  const db = new Database(fresh);
  try {
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    createDaySchema(db);
    db.exec(createRunTable('run_1'));
    const attach = db.prepare('ATTACH ? AS ?');
    const meta = openMeta(db);
    meta.set('day', dayText(day));
    meta.set('file', newEpoch());
    meta.set('finished', newEpoch());
    const sources: string[] = [];
    for (const [name, file] of [
      ['day', path],
      ['late', late],
    ] as const) {
      if (file === null) continue;
      attach.run(file, name);
      sources.push(...readRuns(db, `${name}.`).map((run) => `${name}.${runTable(run)}`));
    }
    // The late file has the series of the day file, with the same ids, and more.
    const from = late === null ? 'day' : 'late';
    db.exec(`INSERT INTO series SELECT * FROM ${from}.series WHERE NOT (${except})`);
    const keep = except === '0' ? '1' : 'series IN (SELECT id FROM main.series)';
    yield* copyRuns(db, 'main.run_1', sources, keep);
    describeRun(db, late === null ? ['day'] : ['day', 'late']);
    if (late !== null)
      meta.set('folded', db.prepare("SELECT value FROM late.meta WHERE name = 'file'").pluck().get() as string);
    replaceView(db, 'main.');
  } finally {
    db.close();
  }
}

function describeRun(db: Database.Database, from: string[]): void {
  const runs = from.map((name) => `SELECT * FROM ${name}.runs`).join(' UNION ALL ');
  db.exec(`
    INSERT INTO main.runs (id, level, readings, ts_min, ts_max, epoch, position, sealed_at)
    SELECT 1, 0, r.count, coalesce(r.ts_min, 0), coalesce(r.ts_max, 0), coalesce(s.epoch, ''), coalesce(s.position, 0),
      coalesce((SELECT max(sealed_at) FROM (${runs})), 0)
    FROM (SELECT count(*) AS count, min(ts) AS ts_min, max(ts) AS ts_max FROM main.run_1) AS r,
      (SELECT epoch, max(position) AS position FROM (${runs})) AS s`);
}

/** Brings the file into rollback mode, alone; false while anyone else has it open. */
function letGo(path: string): boolean {
  const db = new Database(path, { timeout: 0 });
  try {
    return db.pragma('journal_mode = DELETE', { simple: true }) === 'delete';
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return false;
    throw error;
  } finally {
    db.close();
  }
}

export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

/** A late file whose readings its day file has taken in; a crash left it. */
export function isFolded(path: string, late: string): boolean {
  const [day, rest] = [openDayForReading(path), openDayForReading(late)];
  try {
    const folded = openMeta(day).text('folded');
    return folded !== null && folded === openMeta(rest).text('file');
  } finally {
    day.close();
    rest.close();
  }
}
