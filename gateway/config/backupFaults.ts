import { isAbsolute, relative, resolve } from 'node:path';
import { Cron } from 'croner';
import type { BackupConfig } from '../../schemas/generated/config.js';

/** What is wrong with the settings of backups that the schema cannot check, as sentences. */
export function backupFaults({ schedule, folder, timeZone = 'UTC' }: BackupConfig, data: string): string[] {
  const faults: string[] = [];
  if (folder !== undefined && !isAbsolute(folder)) faults.push(`backup.folder: "${folder}" must be an absolute path`);
  else if (folder !== undefined && isInside(folder, data))
    faults.push(
      `backup.folder: "${folder}" is inside the data folder; choose another disk, or at least another folder`,
    );
  if (schedule === undefined) return faults;
  if (folder === undefined) faults.push('backup.schedule: needs backup.folder, the folder that the backups go into');
  try {
    const next = new Cron(schedule, { timezone: timeZone }).nextRun();
    if (next === null) faults.push(`backup.schedule: "${schedule}" has no next time`);
  } catch (error) {
    faults.push(
      isZone(timeZone)
        ? `backup.schedule: "${schedule}" is no cron expression, such as "30 3 * * *" for 03:30 each day (${(error as Error).message})`
        : `backup.timeZone: "${timeZone}" is no time zone, such as UTC or Europe/Berlin`,
    );
  }
  return faults;
}

function isInside(folder: string, data: string): boolean {
  const way = relative(resolve(data), resolve(folder));
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
