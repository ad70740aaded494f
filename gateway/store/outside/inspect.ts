import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type Database from 'better-sqlite3';
import { openDayForReading } from '../dayFiles/dayFile.js';
import { dayText, listDays } from '../dayFiles/days.js';
import { newestCommitAt } from '../logDb/foldTables.js';
import { openForReading } from '../sqlite/openDatabase.js';
import { databases } from '../writer/databases.js';

/** One check of `tidegate doctor`. */
export interface Finding {
  name: string;
  state: 'ok' | 'warn' | 'fail';
  detail: string;
  fix?: string;
}

/**
 * Looks at the databases of a data folder without changing them; a gateway may be running on it. Of the day files the newest
 * are read through, or all of them.
 */
export function inspectDataFolder(folder: string, now: number, builtAt: number, everyDay = false): Finding[] {
  if (!existsSync(join(folder, 'log.db'))) {
    return [
      {
        name: 'data folder',
        state: 'fail',
        detail: `${folder} holds no log.db`,
        fix: 'Give the data folder by --data, or start the gateway once',
      },
    ];
  }
  const findings = Object.entries(databases).flatMap(([file, { length }]) =>
    inspect(join(folder, file), file, length, now, builtAt),
  );
  return [...findings, ...inspectDays(folder, everyDay)];
}

/** Newest day files that are read through where not all of them are. */
const daysChecked = 3;

function inspectDays(folder: string, everyDay: boolean): Finding[] {
  const days = listDays(folder);
  const paths = days.flatMap(({ readings, late, rollup }) => [readings, late, rollup].filter((path) => path !== null));
  if (paths.length === 0) return [{ name: 'day files', state: 'ok', detail: 'none yet' }];
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const range = `${dayText(days[0].day)} to ${dayText(days[days.length - 1].day)}`;
  const checked = everyDay ? days : days.slice(-daysChecked);
  const faults = checked.flatMap(({ readings, late, rollup }) =>
    [readings, late, rollup].flatMap((path) => (path === null ? [] : faultOf(path))),
  );
  const detail = `${days.length} days, ${range}, ${(bytes / 1024 ** 2).toFixed(1)} MiB; ${checked.length} checked`;
  if (faults.length === 0) return [{ name: 'day files', state: 'ok', detail }];
  return faults.map(({ path, fault }) => ({
    name: basename(path),
    state: 'fail',
    detail: fault,
    fix: 'Put this file back from a backup, or move it away',
  }));
}

function faultOf(path: string): { path: string; fault: string }[] {
  try {
    const db = openDayForReading(path);
    try {
      const result = db.pragma('integrity_check', { simple: true }) as string;
      return result === 'ok' ? [] : [{ path, fault: result }];
    } finally {
      db.close();
    }
  } catch (error) {
    return [{ path, fault: (error as Error).message }];
  }
}

function inspect(path: string, file: string, version: number, now: number, builtAt: number): Finding[] {
  try {
    const db = openForReading(path);
    try {
      const findings = [checkIntegrity(db, file), checkVersion(db, file, version)];
      if (file === 'log.db') findings.push(checkClock(db, now, builtAt));
      return findings;
    } finally {
      db.close();
    }
  } catch (error) {
    return [{ name: file, state: 'fail', detail: (error as Error).message, fix: 'Restore the folder from a backup' }];
  }
}

function checkIntegrity(db: Database.Database, file: string): Finding {
  const result = db.pragma('integrity_check', { simple: true }) as string;
  return result === 'ok'
    ? { name: `${file} integrity`, state: 'ok', detail: 'ok' }
    : { name: `${file} integrity`, state: 'fail', detail: result, fix: 'Restore the folder from a backup' };
}

function checkVersion(db: Database.Database, file: string, known: number): Finding {
  const version = db.pragma('user_version', { simple: true }) as number;
  const name = `${file} version`;
  if (version > known)
    return {
      name,
      state: 'fail',
      detail: `${version}, newer than this Tidegate (${known})`,
      fix: 'Run the newer Tidegate',
    };
  return {
    name,
    state: 'ok',
    detail: version === known ? String(version) : `${version}; the next start brings it to ${known}`,
  };
}

function checkClock(db: Database.Database, now: number, builtAt: number): Finding {
  const hasFolds = (db.pragma('user_version', { simple: true }) as number) >= 2;
  const newest = hasFolds
    ? newestCommitAt(db)
    : ((db.prepare('SELECT max(committed_at) FROM log').pluck().get() as number | null) ?? 0);
  const behind = Math.max(newest, builtAt) - now;
  const detail = `this clock: ${new Date(now).toISOString()}; newest commit: ${newest === 0 ? 'none' : new Date(newest).toISOString()}`;
  if (behind > 60_000)
    return {
      name: 'clock',
      state: 'fail',
      detail,
      fix: 'Set the clock: while it is behind the data, devices are refused',
    };
  return { name: 'clock', state: 'ok', detail };
}
