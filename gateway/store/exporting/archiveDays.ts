import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportProgress } from '../../domain/exports.js';
import { isDamage } from '../dayFiles/damage.js';
import { type DayFiles, dayMs, dayText, listDays } from '../dayFiles/days.js';
import { isFinished } from '../dayFiles/finishedDay.js';
import { extensionOf } from './dayOutput.js';
import { openDaySnapshot } from './dayReadings.js';
import { partSuffix, writeCounted } from './writeDay.js';

/** The note in the data folder about what is in the archive. Without it every day is written again, which is harmless. */
export const archiveNoteName = 'archived.json';

interface ArchiveNote {
  /** The folder of the archive. A note about another folder does not count. */
  folder: string;
  /** The day file from which each day's file was written. */
  days: Record<string, string>;
}

/** Past days whose file in the archive is missing, or was written from another day file. Some of them may not be finished yet. */
export function daysToArchive(folder: string, archive: string, now: number): DayFiles[] {
  const { days } = readNote(folder, archive);
  return listDays(folder).filter(
    ({ day, readings }) => readings !== null && (day + 1) * dayMs <= now && days[dayText(day)] !== fileToken(readings),
  );
}

/**
 * Writes the finished days that are due into the archive as Parquet, a slice per step of the generator. Throws what file systems and
 * SQLite throw; then the files of complete days stay, and the others are written by the next run.
 */
export function* archiveDays(folder: string, archive: string, now: number): Generator<ExportProgress, ExportProgress> {
  const due = daysToArchive(folder, archive, now).flatMap(({ day, readings }) =>
    readings !== null && isUsable(readings) ? [{ day, readings }] : [],
  );
  const progress: ExportProgress = { done: 0, total: due.length, bytes: 0, readings: 0, damaged: 0, finished: false };
  if (due.length > 0) mkdirSync(archive, { recursive: true });
  for (const { day, readings } of due) {
    const token = fileToken(readings);
    const snapshot = openDaySnapshot(folder, day);
    try {
      if (snapshot !== null && token !== null) {
        const path = join(archive, dayText(day) + extensionOf.parquet);
        const span = { from: day * dayMs, to: (day + 1) * dayMs, devices: null };
        yield* writeCounted({ snapshot, format: 'parquet', path, ...span }, progress);
        note(folder, archive, day, token);
      }
    } finally {
      snapshot?.close();
    }
    progress.done++;
    yield { ...progress };
  }
  return { ...progress, finished: true };
}

/** What the archive has of a day is not replaced by less, so a day with a damaged file waits. */
function isUsable(readings: string): boolean {
  try {
    return isFinished(readings);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return false;
  }
}

/** A finished file is never written again, only replaced. Null if retention has removed it. */
function fileToken(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
}

function readNote(folder: string, archive: string): ArchiveNote {
  const path = join(folder, archiveNoteName);
  const none: ArchiveNote = { folder: archive, days: {} };
  if (!existsSync(path)) return none;
  try {
    const noted = JSON.parse(readFileSync(path, 'utf8'));
    return noted?.folder === archive && typeof noted.days === 'object' && noted.days !== null ? noted : none;
  } catch {
    return none;
  }
}

/** Days that have left the data folder leave the note too; their files stay in the archive. */
function note(folder: string, archive: string, day: number, token: string): void {
  const there = new Set(listDays(folder).map((files) => dayText(files.day)));
  const kept = Object.entries(readNote(folder, archive).days).filter(([name]) => there.has(name));
  const days = { ...Object.fromEntries(kept), [dayText(day)]: token };
  const path = join(folder, archiveNoteName);
  writeFileSync(path + partSuffix, `${JSON.stringify({ folder: archive, days })}\n`, { mode: 0o600, flush: true });
  renameSync(path + partSuffix, path);
}
