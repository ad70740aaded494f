import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../sqlite/syncPath.js';

/** A UTC day as the number of days since 1970. A reading belongs to the day of its time. */
export const dayMs = 86_400_000;

export const dayOf = (ts: number): number => Math.floor(ts / dayMs);

/** The last day that retention removes: one day later than the age at which its readings would be refused. */
export const lastExpiredDay = (today: number, keptDays: number): number => today - keptDays - 2;

const textLength = 'YYYY-MM-DD'.length;

/** YYYY-MM-DD */
export const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** The paths of the files of one day, null for those that do not exist. */
export interface DayFiles {
  day: number;
  /** The day's readings: a live file (WAL, written to) or a finished one (never written again). */
  readings: string | null;
  /** Readings that came after the day was finished. */
  late: string | null;
  /** 1-minute and 1-hour aggregates of the finished file. */
  rollup: string | null;
  /** Readings that wait because another file of the day cannot be used (healDay.ts). */
  aside: string | null;
}

export const dayFolder = (folder: string): string => join(folder, 'readings');

export type DayFileKind = 'readings' | 'late' | 'rollup' | 'aside';

const kinds = new Map<string, DayFileKind>([
  ['.db', 'readings'],
  ['.late.db', 'late'],
  ['.rollup.db', 'rollup'],
  ['.aside.db', 'aside'],
]);

export function dayPath(folder: string, day: number, kind: DayFileKind): string {
  const suffix = kind === 'readings' ? '' : `.${kind}`;
  return join(dayFolder(folder), `${dayText(day)}${suffix}.db`);
}

/** The days that have files, oldest first. */
export function listDays(folder: string): DayFiles[] {
  if (!existsSync(dayFolder(folder))) return [];
  const days = new Map<number, DayFiles>();
  for (const name of readdirSync(dayFolder(folder))) {
    const kind = kinds.get(name.slice(textLength));
    const day = dayOf(Date.parse(name.slice(0, textLength)));
    if (kind === undefined || Number.isNaN(day) || dayText(day) !== name.slice(0, textLength)) continue;
    let files = days.get(day);
    if (files === undefined) {
      files = { day, readings: null, late: null, rollup: null, aside: null };
      days.set(day, files);
    }
    files[kind] = join(dayFolder(folder), name);
  }
  return [...days.values()].sort((a, b) => a.day - b.day);
}

/** The files of the day that exist, the one of its readings first. */
export const pathsOf = ({ readings, late, rollup, aside }: DayFiles): string[] =>
  [readings, late, rollup, aside].filter((path) => path !== null);

/** Makes the folder of the day files if there is none. It is on disk when this returns. */
export function makeDayFolder(folder: string): void {
  if (existsSync(dayFolder(folder))) return;
  mkdirSync(dayFolder(folder), { mode: 0o700 });
  syncPath(folder);
}

/** Removes a SQLite file and what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}
