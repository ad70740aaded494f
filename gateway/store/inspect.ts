import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { databases } from './migrations.js';
import { openForReading } from './openDatabase.js';

/** One check of `tidegate doctor`. */
export interface Finding {
  name: string;
  state: 'ok' | 'warn' | 'fail';
  detail: string;
  fix?: string;
}

/** Looks at the databases of a data folder without changing them; a gateway may be running on it. */
export function inspectDataFolder(folder: string, now: number, builtAt: number): Finding[] {
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
  return Object.entries(databases).flatMap(([file, { length }]) =>
    inspect(join(folder, file), file, length, now, builtAt),
  );
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
  const newest = (db.prepare('SELECT max(committed_at) FROM log').pluck().get() as number | null) ?? 0;
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
